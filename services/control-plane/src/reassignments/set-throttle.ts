import type {
  SetReassignmentThrottleRequest,
  SetReassignmentThrottleResponse,
} from '@courant/api/internal/v1/cluster'
import type { Cluster } from '../cluster.ts'
import { lockBrokers } from '../elections/lock-brokers.ts'
import { clusterMeta } from '../schema/cluster.ts'
import { checkThrottle } from './check-throttle.ts'

/** Reaches brokers as a part of their own rows; brokers that come later get it with theirs. */
export async function setReassignmentThrottle(
  cluster: Cluster,
  { bytesPerSecond }: SetReassignmentThrottleRequest,
): Promise<SetReassignmentThrottleResponse> {
  checkThrottle(bytesPerSecond)
  return cluster.database.platform(
    async (transaction) => {
      const brokers = await lockBrokers(transaction)
      await transaction.update(clusterMeta).set({ reassignmentBytesPerSecond: bytesPerSecond })
      const changes = [...brokers.keys()].map(
        (brokerId) => ({ kind: 'broker', key: String(brokerId) }) as const,
      )
      return { metadataVersion: await cluster.record(transaction, changes) }
    },
    { onLostCommit: 'repeat' },
  )
}

import type {
  SetReassignmentThrottleRequest,
  SetReassignmentThrottleResponse,
} from '@courant/api/internal/v1/cluster'
import { checkThrottle } from '../../../src/reassignments/check-throttle.ts'
import { ONLY_ROW } from '../database/cluster-state.ts'
import type { ModelCluster } from '../database/model-cluster.ts'
import { metaOf, transaction, type Work } from '../database/transaction.ts'

export function* setReassignmentThrottle(
  cluster: ModelCluster,
  { bytesPerSecond }: SetReassignmentThrottleRequest,
): Work<SetReassignmentThrottleResponse> {
  checkThrottle(bytesPerSecond)
  return yield* transaction((within) => {
    const { meta, brokers } = within.state
    meta.set(ONLY_ROW, { ...metaOf(within), reassignmentBytesPerSecond: bytesPerSecond })
    const changes = [...brokers.values()].map(
      ({ brokerId }) => ({ kind: 'broker', key: String(brokerId) }) as const,
    )
    return { metadataVersion: cluster.record(within, changes) }
  }, 'repeat')
}

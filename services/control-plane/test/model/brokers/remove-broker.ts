import type { RemoveBrokerRequest, RemoveBrokerResponse } from '@courant/api/internal/v1/cluster'
import { refuseAlive, refuseReplicas } from '../../../src/brokers/judge-removal.ts'
import type { ModelCluster } from '../database/model-cluster.ts'
import { transaction, type Work } from '../database/transaction.ts'
import { partitionsWhere } from '../elections/partitions.ts'
import { sessionOf } from './sessions.ts'

export function removeBroker(
  cluster: ModelCluster,
  { brokerId }: RemoveBrokerRequest,
): Work<RemoveBrokerResponse> {
  return transaction((within) => {
    const { brokers, sessions } = within.state
    refuseAlive(brokers.get(brokerId) ?? null, sessionOf(within, brokerId))
    refuseReplicas(partitionsWhere(within, ({ replicas }) => replicas.includes(brokerId)).length)
    brokers.delete(brokerId)
    sessions.delete(brokerId)
    const change = { kind: 'broker', key: String(brokerId), deleted: true } as const
    return { metadataVersion: cluster.record(within, [change]) }
  })
}

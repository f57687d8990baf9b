import type {
  AllocateProducerIdsRequest,
  AllocateProducerIdsResponse,
} from '@courant/api/internal/v1/broker'
import { limits } from '@courant/kernel'
import { staleBrokerEpoch } from '../../../src/brokers/stale-broker-epoch.ts'
import { firstProducerIdOf } from '../../../src/producer-ids/first-producer-id.ts'
import { tenantNotFound } from '../../../src/tenants/tenant-id.ts'
import type { ModelCluster } from '../database/model-cluster.ts'
import { requireCurrent } from '../database/require-current.ts'
import { type Transaction, transaction, type Work } from '../database/transaction.ts'

/** A lost answer to COMMIT wastes a block, and the repeat takes another. */
export function* allocateProducerIds(
  cluster: ModelCluster,
  request: AllocateProducerIdsRequest,
): Work<AllocateProducerIdsResponse> {
  const firstProducerId = yield* transaction(
    (within) => allocate(cluster, within, request),
    'repeat',
  )
  return { firstProducerId, count: limits.producerIdsPerBlock }
}

function allocate(
  { identity }: ModelCluster,
  within: Transaction,
  { brokerId, brokerEpoch, tenantId }: AllocateProducerIdsRequest,
): number {
  const { state } = within
  if (state.brokers.get(brokerId)?.brokerEpoch !== brokerEpoch) throw staleBrokerEpoch()
  if (tenantId !== '' && !state.tenants.has(tenantId)) throw tenantNotFound()
  const { clusterIncarnation } = identity
  requireCurrent(within, clusterIncarnation)
  // Blocks are never deleted, so their number is as good as a sequence.
  const firstProducerId =
    firstProducerIdOf(clusterIncarnation) + state.producerIdBlocks.size * limits.producerIdsPerBlock
  const owner = tenantId === '' ? null : tenantId
  state.producerIdBlocks.set(firstProducerId, { firstProducerId, tenantId: owner, brokerId })
  return firstProducerId
}

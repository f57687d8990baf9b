/** Producer ids (B11.5, amendment 7), which brokers give out while the control plane is away. */
import type {
  AllocateProducerIdsRequest,
  AllocateProducerIdsResponse,
} from '@courant/api/internal/v1/broker'
import { assert, BusError, isUuid, limits } from '@courant/kernel'
import { eq, sql } from 'drizzle-orm'
import { staleBrokerEpoch } from '../brokers/stale-broker-epoch.ts'
import type { Cluster } from '../cluster.ts'
import type { Transaction } from '../database/database.ts'
import { lockBrokers } from '../elections/lock-brokers.ts'
import { producerIdBlock } from '../schema/producer-id-block.ts'
import { tenant } from '../schema/tenant.ts'
import { firstProducerIdOf } from './first-producer-id.ts'

/**
 * A block that nobody else ever gets, with its owner on record. Each incarnation has numbers of
 * its own: it does not know those that were handed out after its backup was made (B1.2). It is no
 * metadata: neither the feed nor its version knows of it. Throws STALE_BROKER_EPOCH,
 * TENANT_NOT_FOUND, METADATA_ROLLBACK.
 */
export async function allocateProducerIds(
  cluster: Cluster,
  { brokerId, brokerEpoch, tenantId }: AllocateProducerIdsRequest,
): Promise<AllocateProducerIdsResponse> {
  const count = limits.producerIdsPerBlock
  const work = async (transaction: Transaction): Promise<number> => {
    const brokers = await lockBrokers(transaction, [brokerId])
    if (brokers.get(brokerId)?.brokerEpoch !== brokerEpoch) throw staleBrokerEpoch()
    if (tenantId !== '') await requireTenant(transaction, tenantId)
    const { clusterIncarnation } = cluster.identity
    await transaction.execute(sql`SELECT courant.require_current(${clusterIncarnation})`)
    const firstId = firstProducerIdOf(clusterIncarnation)
    const [row] = await transaction
      .insert(producerIdBlock)
      .values({
        firstProducerId: sql`${firstId}::bigint
          + nextval('courant.producer_id_block_number') * ${count}::bigint`,
        tenantId: tenantId === '' ? null : tenantId,
        brokerId,
      })
      .returning({ firstProducerId: producerIdBlock.firstProducerId })
    assert(row !== undefined, 'an inserted row is returned')
    return row.firstProducerId
  }
  // A block whose COMMIT was not answered is lost, which costs nothing.
  const firstProducerId = await cluster.database.platform(work, { onLostCommit: 'repeat' })
  return { firstProducerId, count }
}

async function requireTenant(transaction: Transaction, tenantId: string): Promise<void> {
  const known = isUuid(tenantId)
    ? await transaction.$count(tenant, eq(tenant.tenantId, tenantId))
    : 0
  if (known === 0) throw new BusError('TENANT_NOT_FOUND', 'There is no such tenant.')
}

import type { RemoveBrokerRequest, RemoveBrokerResponse } from '@courant/api/internal/v1/cluster'
import { eq, sql } from 'drizzle-orm'
import type { Cluster } from '../cluster.ts'
import type { Transaction } from '../database/database.ts'
import { broker } from '../schema/broker.ts'
import { partition } from '../schema/partition.ts'
import { lockSession } from './broker-session.ts'
import { refuseAlive, refuseReplicas } from './judge-removal.ts'
import { lockBroker } from './lock-broker.ts'

/**
 * Forgets a broker for good. Whoever comes under its id later is a new broker. Its row is locked
 * and it is fenced, so nobody gives it a replica meanwhile.
 */
export function removeBroker(
  cluster: Cluster,
  { brokerId }: RemoveBrokerRequest,
): Promise<RemoveBrokerResponse> {
  return cluster.database.platform(async (transaction) => {
    const row = await lockBroker(transaction, brokerId)
    refuseAlive(row, await lockSession(transaction, brokerId))
    refuseReplicas(await countReplicas(transaction, brokerId))
    await transaction.delete(broker).where(eq(broker.brokerId, brokerId))
    const change = { kind: 'broker', key: String(brokerId), deleted: true } as const
    return { metadataVersion: await cluster.record(transaction, [change]) }
  })
}

function countReplicas(transaction: Transaction, brokerId: number): Promise<number> {
  return transaction.$count(partition, sql`${brokerId}::integer = ANY (${partition.replicas})`)
}

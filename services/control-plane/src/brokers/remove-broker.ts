import type { RemoveBrokerRequest, RemoveBrokerResponse } from '@courant/api/internal/v1/cluster'
import { BusError } from '@courant/kernel'
import { eq, sql } from 'drizzle-orm'
import type { Cluster } from '../cluster.ts'
import type { Transaction } from '../database/database.ts'
import { broker } from '../schema/broker.ts'
import { partition } from '../schema/partition.ts'
import { brokerNotFound } from './broker-not-found.ts'
import { lockSession } from './broker-session.ts'
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
    if (row === null) throw brokerNotFound()
    const session = await lockSession(transaction, brokerId)
    if (row.state !== 'fenced' || session?.hasExpired === false) {
      throw new BusError('BROKER_IN_USE', 'The broker is alive. Stop it first.')
    }
    await requireEmpty(transaction, brokerId)
    await transaction.delete(broker).where(eq(broker.brokerId, brokerId))
    const change = { kind: 'broker', key: String(brokerId), deleted: true } as const
    return { metadataVersion: await cluster.record(transaction, [change]) }
  })
}

async function requireEmpty(transaction: Transaction, brokerId: number): Promise<void> {
  const held = await transaction.$count(
    partition,
    sql`${brokerId}::integer = ANY (${partition.replicas})`,
  )
  if (held === 0) return
  const detail = `The broker has replicas of ${held} partitions. Drain it first.`
  throw new BusError('BROKER_IN_USE', detail)
}

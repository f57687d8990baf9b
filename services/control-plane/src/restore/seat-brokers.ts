import type { BrokerLogs } from '@courant/api/internal/v1/cluster'
import { eq, sql } from 'drizzle-orm'
import { beginSession } from '../brokers/broker-session.ts'
import type { Transaction } from '../database/database.ts'
import type { Change } from '../database/record-changes.ts'
import { broker } from '../schema/broker.ts'
import type { HeardLogs } from './heard-logs.ts'

/**
 * The brokers that answered are what they say, so that none of them has to register again, and
 * their disks are vouched for. The others are fenced until they are heard.
 */
export async function seatBrokers(
  transaction: Transaction,
  known: readonly number[],
  heard: HeardLogs,
  sessionTimeoutMs: number,
): Promise<Change[]> {
  for (const answer of heard.brokers) await seat(transaction, answer, sessionTimeoutMs)
  const silent = known.filter((brokerId) => !heard.isAnswering(brokerId))
  for (const brokerId of silent) {
    await transaction.update(broker).set({ state: 'fenced' }).where(eq(broker.brokerId, brokerId))
  }
  const answering = heard.brokers.map(({ brokerId }) => brokerId)
  return [...answering, ...silent].map((brokerId) => ({ kind: 'broker', key: String(brokerId) }))
}

async function seat(
  transaction: Transaction,
  { brokerId, brokerEpoch, directoryId, host, port, rack, isServing }: BrokerLogs,
  timeoutMs: number,
): Promise<void> {
  const row = {
    ...{ brokerEpoch, directoryId, host, port, rack },
    state: isServing ? ('active' as const) : ('fenced' as const),
    vouchedDirectoryId: directoryId,
    vouchedEpochs: [brokerEpoch],
  }
  await transaction
    .insert(broker)
    .values({ brokerId, incarnationId: sql`gen_random_uuid()`, ...row })
    .onConflictDoUpdate({ target: broker.brokerId, set: row })
  await beginSession(transaction, { brokerId, brokerEpoch, timeoutMs })
}

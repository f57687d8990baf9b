import { asc, eq, ne, sql } from 'drizzle-orm'
import type { Cluster } from '../cluster.ts'
import { broker, brokerSession } from '../schema/broker.ts'
import type { SessionReading } from './silence-watch.ts'

/** Of brokers that are not fenced. */
export function readSessions(cluster: Cluster): Promise<SessionReading[]> {
  return cluster.database.platform((transaction) =>
    transaction
      .select({
        brokerId: brokerSession.brokerId,
        brokerEpoch: brokerSession.brokerEpoch,
        expiresAt: sql<string>`${brokerSession.expiresAt}::text`,
        hasExpired: sql<boolean>`${brokerSession.expiresAt} <= clock_timestamp()`,
      })
      .from(brokerSession)
      .innerJoin(broker, eq(broker.brokerId, brokerSession.brokerId))
      .where(ne(broker.state, 'fenced'))
      .orderBy(asc(brokerSession.brokerId)),
  )
}

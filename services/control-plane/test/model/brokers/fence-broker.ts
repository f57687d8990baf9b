import type { SessionReading, SilenceWatch } from '../../../src/brokers/silence-watch.ts'
import type { ModelCluster } from '../database/model-cluster.ts'
import { transaction, type Work } from '../database/transaction.ts'
import { runElections } from '../elections/run-elections.ts'
import { changeState } from './heartbeat.ts'
import { readSessions, sessionOf } from './sessions.ts'

/** Returns whether it is fenced. */
export function* fenceBroker(
  cluster: ModelCluster,
  brokerId: number,
  brokerEpoch: number,
): Work<boolean> {
  const isFenced = yield* transaction((within) => {
    const row = within.state.brokers.get(brokerId)
    if (row?.brokerEpoch !== brokerEpoch) return false
    if (row.state === 'fenced') return true
    if (sessionOf(within, brokerId)?.hasExpired === false) return false
    changeState(cluster, within, row, 'fenced')
    return true
  }, 'repeat')
  if (isFenced) yield* runElections(cluster)
  return isFenced
}

/**
 * One look of the session sweep, which is to be taken eight times a session timeout. Returns those
 * that it has fenced. When a step fails, `watch.interrupt()`.
 */
export function* sweepSessions(
  cluster: ModelCluster,
  watch: SilenceWatch,
  monotonicMs: number,
): Work<SessionReading[]> {
  const readings = yield* transaction(readSessions)
  const fenced: SessionReading[] = []
  for (const silent of watch.look(readings, monotonicMs)) {
    if (yield* fenceBroker(cluster, silent.brokerId, silent.brokerEpoch)) fenced.push(silent)
  }
  return fenced
}

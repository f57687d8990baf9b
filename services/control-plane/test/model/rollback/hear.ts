/** Brokers and gateways tell what they have seen of the metadata: the model of `src/rollback`. */
import { isNewer } from '@courant/kernel'
import { metadataRollback } from '../../../src/database/database-error.ts'
import { mayConfirm, type UnconfirmedTime } from '../../../src/rollback/confirmation-watch.ts'
import type { Heard } from '../../../src/rollback/hear.ts'
import { type Standing, wentBack } from '../../../src/rollback/standing.ts'
import { ONLY_ROW } from '../database/cluster-state.ts'
import { standingOf } from '../database/require-current.ts'
import { metaOf, type Transaction, transaction, type Work } from '../database/transaction.ts'

export function* hear(heard: Heard): Work<void> {
  const standing = yield* transaction((within) => note(within, heard), 'repeat')
  if (wentBack(standing)) throw metadataRollback()
}

function note(within: Transaction, { brokerId, seen }: Heard): Standing {
  const { state, server } = within
  const standing = standingOf(within)
  if (seen !== undefined && isNewer(seen, standing)) {
    if (isNewer(seen, standing.reported)) {
      const { clusterIncarnation: reportedIncarnation, metadataVersion: reportedVersion } = seen
      state.meta.set(ONLY_ROW, { ...metaOf(within), reportedIncarnation, reportedVersion })
    }
    return { ...standing, reported: seen }
  }
  if (standing.isConfirmed || brokerId === undefined) return standing
  const session = state.sessions.get(brokerId)
  if (session !== undefined) state.sessions.set(brokerId, { ...session, heardServer: server })
  if (!wentBack(standing) && areAllHeard(within)) confirm(within)
  return standing
}

function areAllHeard({ state, server }: Transaction): boolean {
  return [...state.brokers.values()].every(
    ({ brokerId }) => state.sessions.get(brokerId)?.heardServer === server,
  )
}

function confirm(within: Transaction): void {
  within.state.meta.set(ONLY_ROW, { ...metaOf(within), confirmedServer: within.server })
}

/** One look of a control plane; whether the database may be decided on. */
export function lookAtServer(time: UnconfirmedTime, nowMs: number): Work<boolean> {
  return transaction((within) => {
    const standing = standingOf(within)
    if (time.look(standing, nowMs) || (mayConfirm(standing) && areAllHeard(within))) {
      confirm(within)
    }
    return standing.isConfirmed && !wentBack(standing)
  }, 'repeat')
}

import { BusError, limits } from '@courant/kernel'
import { metadataRollback, UNCONFIRMED } from '../../../src/database/database-error.ts'
import { type Standing, wentBack } from '../../../src/rollback/standing.ts'
import { metaOf, type Transaction } from './transaction.ts'

export function standingOf(within: Transaction): Standing {
  const meta = metaOf(within)
  const { clusterIncarnation, metadataVersion, reportedIncarnation, reportedVersion } = meta
  return {
    ...{ clusterIncarnation, metadataVersion },
    reported: { clusterIncarnation: reportedIncarnation, metadataVersion: reportedVersion },
    server: String(within.server),
    isConfirmed: meta.confirmedServer === within.server,
  }
}

/** As `courant.require_current`: throws where the database may not be decided on. */
export function requireCurrent(within: Transaction, incarnation: number): void {
  const standing = standingOf(within)
  if (wentBack(standing)) throw metadataRollback()
  if (standing.clusterIncarnation !== incarnation) {
    throw unavailable('The cluster has just begun a new incarnation.')
  }
  if (!standing.isConfirmed) throw unavailable(UNCONFIRMED)
}

function unavailable(detail: string): BusError {
  return new BusError('CONTROL_PLANE_UNAVAILABLE', detail, { retryAfterMs: limits.retryAfterMs })
}

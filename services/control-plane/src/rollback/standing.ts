/** Whether a database is behind what somebody has seen of it. Pure. */
import { isNewer, type MetadataPosition } from '@courant/kernel'

/** What the database says of itself. */
export interface Standing extends MetadataPosition {
  /** The newest state that anybody has told of while the database was older than it. */
  readonly reported: MetadataPosition
  /** When its server started: another one after each restart, of a backup too. */
  readonly server: string
  /** The brokers have been heard since then. */
  readonly isConfirmed: boolean
}

/** Somebody has seen a newer state: an old backup was restored (reliability B1.2). */
export function wentBack(standing: Standing): boolean {
  return isNewer(standing.reported, standing)
}

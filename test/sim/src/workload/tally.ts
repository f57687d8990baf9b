/** What clients were told, counted. */
export interface Tally {
  acknowledged: number
  refused: number
  unknown: number
  read: number
  emptyReads: number
  failedReads: number
}

export function newTally(): Tally {
  return { acknowledged: 0, refused: 0, unknown: 0, read: 0, emptyReads: 0, failedReads: 0 }
}

/** What clients were told, counted. */
export interface Tally {
  acknowledged: number
  /** With acks=leader: a new leader may lack them. */
  acknowledgedByLeader: number
  /** With acks=none: nobody says what becomes of them. */
  unconfirmed: number
  refused: number
  unknown: number
  read: number
  emptyReads: number
  failedReads: number
  /** Consumers that retention has overtaken. */
  resets: number
}

export function newTally(): Tally {
  return {
    acknowledged: 0,
    acknowledgedByLeader: 0,
    unconfirmed: 0,
    refused: 0,
    unknown: 0,
    read: 0,
    emptyReads: 0,
    failedReads: 0,
    resets: 0,
  }
}

/** What clients have seen, from which everything is judged. */
import type { GroupHistory } from './group-history.ts'

/**
 * - `acked`: the answer told the offset.
 * - `failed`: an answer said `applied: no`, or no connection was ever made.
 * - `unknown`: nobody can know.
 */
export type Outcome = 'acked' | 'failed' | 'unknown'

/** One record of one request. A value is sent once; after a failure the next record is another. */
export interface Sent {
  /** Unique in the run. */
  readonly value: number
  readonly producer: number
  /** Numbers the requests of the run; the records of one are in the order of their values. */
  readonly request: number
  readonly topic: string
  readonly key: string
  /** Monotonic nanoseconds. */
  readonly startNs: number
  readonly endNs: number
  readonly outcome: Outcome
  /** Where the answer says that it is; null unless acked. */
  readonly place: Place | null
}

export interface Place {
  /** `topic/partition`. */
  readonly log: string
  readonly offset: number
}

/** A record that a reader was given. */
export interface Seen extends Place {
  readonly reader: string
  readonly value: number
}

export interface History {
  readonly sent: readonly Sent[]
  /** Of the consumers while the faults struck: each reads every log once, in order. */
  readonly seen: readonly Seen[]
  /** Every log from its first offset to its end, after everything has healed. */
  readonly final: readonly Seen[]
  readonly group: GroupHistory
}

export interface Violation {
  readonly checker: string
  readonly text: string
}

export function placeText({ log, offset }: Place): string {
  return `${log}@${offset}`
}

import {
  assert,
  type BrokerId,
  type ErrorCode,
  type LeaderEpoch,
  type Offset,
} from '@courant/kernel'
import type { FollowerEnd } from './divergence.ts'
import type { EpochEnd, LogEnds } from './log-ends.ts'

/** What a follower asks its leader for. */
export interface FetchPosition extends FollowerEnd {
  readonly leaderEpoch: LeaderEpoch
  readonly logStartOffset: Offset
  /** The most that the answer may bring, but for one whole batch; else what a leader allows. */
  readonly bytesMax?: number
}

/** What a leader answered for one partition. */
export interface FetchedPartition {
  readonly error: ErrorCode | null
  /** -1 where an error leaves it open; likewise the log start. */
  readonly highWatermark: number
  readonly logStartOffset: number
  readonly diverging: EpochEnd | null
  readonly hasRecords: boolean
}

/** What to do with an answer. Every action but `ignore` ends in asking again. */
export type FollowerAction =
  /** It answers a question that is no longer asked. */
  | { readonly kind: 'ignore' }
  /** Append the records, if any; then `settle`. */
  | { readonly kind: 'append' }
  /** Cut the log; it holds what the leader never had. */
  | { readonly kind: 'truncate'; readonly offset: Offset }
  /** The leader has deleted all that is here: begin anew, empty, at its log start. */
  | { readonly kind: 'restart'; readonly offset: Offset }
  /** Nothing wrong with this log: ask again after a pause, or when the metadata has moved on. */
  | { readonly kind: 'retry'; readonly error: ErrorCode }
  /** Nothing that a program may decide: the replica stays as it is, and an operator is told. */
  | { readonly kind: 'stop'; readonly problem: string }

/**
 * A follower's side of one partition: whom to ask for what, and what to make of the answer. The log
 * is the caller's; it is read here and never changed.
 */
export class Follower {
  readonly #leader: BrokerId
  readonly #leaderEpoch: LeaderEpoch
  readonly #uncleanEpoch: LeaderEpoch
  #leaderHighWatermark = -1
  #leaderLogStart = -1
  #problem: string | null = null

  /** `uncleanEpoch`: the latest term whose leader may have lacked committed records; 0 for none. */
  constructor(leader: BrokerId, leaderEpoch: LeaderEpoch, uncleanEpoch: LeaderEpoch) {
    this.#leader = leader
    this.#leaderEpoch = leaderEpoch
    this.#uncleanEpoch = uncleanEpoch
  }

  get leader(): BrokerId {
    return this.#leader
  }

  get leaderEpoch(): LeaderEpoch {
    return this.#leaderEpoch
  }

  /** Why nothing is fetched until there is another leader; null when all is well. */
  get problem(): string | null {
    return this.#problem
  }

  /** Whether it may lack what is committed, by what the leader said last. */
  isBehind(log: LogEnds): boolean {
    return this.#leaderHighWatermark < 0 || log.durableEnd < this.#leaderHighWatermark
  }

  /** The next fetch: always at the durable end, which is thereby reported (reliability B5.1). */
  position(log: LogEnds): FetchPosition {
    assert(log.durableEnd === log.appendedEnd, 'a follower fetches when its log is on the disk')
    return {
      leaderEpoch: this.#leaderEpoch,
      offset: log.durableEnd,
      lastEpoch: log.leaderEpoch,
      logStartOffset: log.logStartOffset,
    }
  }

  /**
   * `asked` is the position that was answered. An answer counts only while this follower would ask
   * the same again: a late one of another leader, or of before a truncation, would put records
   * where they do not belong (reliability B5.4). The last epoch is a part of it: after a truncation
   * the log may reach the same offset again with other records.
   */
  receive(asked: FetchPosition, answer: FetchedPartition, log: LogEnds): FollowerAction {
    if (asked.leaderEpoch !== this.#leaderEpoch) return { kind: 'ignore' }
    if (asked.offset !== log.appendedEnd || asked.lastEpoch !== log.leaderEpoch) {
      return { kind: 'ignore' }
    }
    if (this.#problem !== null) return { kind: 'ignore' }
    if (answer.error === 'OFFSET_OUT_OF_RANGE') return this.#restart(answer, log)
    if (answer.error !== null) return { kind: 'retry', error: answer.error }
    if (answer.diverging !== null) return this.#truncate(answer.diverging, log)
    this.#leaderHighWatermark = answer.highWatermark
    this.#leaderLogStart = answer.logStartOffset
    return { kind: 'append' }
  }

  /** How far the high watermark may go by what the leader said last: never beyond what is here. */
  highWatermark(log: LogEnds): Offset {
    return Math.max(
      log.highWatermark,
      Math.min(this.#leaderHighWatermark, log.durableEnd),
    ) as Offset
  }

  /** Where the log may begin by what the leader said last: it decides, within what is committed. */
  logStart(log: LogEnds): Offset {
    return Math.max(log.logStartOffset, Math.min(this.#leaderLogStart, log.highWatermark)) as Offset
  }

  /**
   * By epoch, never by the high watermark, which may lag behind what was acknowledged (KIP-101).
   * One round may not be enough: the next fetch shows (KIP-279).
   */
  #truncate({ epoch, end }: EpochEnd, log: LogEnds): FollowerAction {
    const own = log.endOffsetForEpoch(epoch)
    const offset = Math.min(end, own?.end ?? log.logStartOffset, log.appendedEnd) as Offset
    if (offset < log.highWatermark && !this.#mayLoseCommitted(log)) {
      return this.#stop(
        `The leader of epoch ${this.#leaderEpoch} has nothing in common with this replica beyond ` +
          `offset ${offset}, and records up to ${log.highWatermark} are committed.`,
      )
    }
    return { kind: 'truncate', offset }
  }

  #restart({ logStartOffset }: FetchedPartition, log: LogEnds): FollowerAction {
    if (logStartOffset < 0) return { kind: 'retry', error: 'OFFSET_OUT_OF_RANGE' }
    if (logStartOffset < log.highWatermark && !this.#mayLoseCommitted(log)) {
      return this.#stop(
        `The log of the leader of epoch ${this.#leaderEpoch} begins at ${logStartOffset} and ` +
          `does not contain what is committed here up to ${log.highWatermark}.`,
      )
    }
    return { kind: 'restart', offset: logStartOffset as Offset }
  }

  /**
   * Only where the newest committed record is older than an election that was known to lose some
   * (reliability B5.5).
   */
  #mayLoseCommitted(log: LogEnds): boolean {
    if (this.#uncleanEpoch === 0) return false
    const older = log.endOffsetForEpoch((this.#uncleanEpoch - 1) as LeaderEpoch)
    return older !== null && older.end >= log.highWatermark
  }

  #stop(problem: string): FollowerAction {
    this.#problem = problem
    return { kind: 'stop', problem }
  }
}

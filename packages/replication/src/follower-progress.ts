import type { Offset } from '@courant/kernel'

/** Before the first fetch in a term nothing is known of a follower. */
const UNKNOWN = -1
const NEVER_CAUGHT_UP = Number.NEGATIVE_INFINITY

/** What a fetch tells of its sender. */
interface Fetched {
  readonly brokerEpoch: number
  readonly offset: Offset
  readonly logStartOffset: Offset
}

/**
 * What a leader knows of one follower in its term: how far its disk reaches, in which life of its
 * broker, and since when it has been behind. A new term begins with new ones, because an end that
 * was reached under another leader says nothing about this leader's log (reliability B4.4, B5.7).
 */
export class FollowerProgress {
  #endOffset = UNKNOWN
  #logStartOffset = UNKNOWN
  #brokerEpoch = UNKNOWN
  /** Null while it has everything; else the last moment at which it had. */
  #behindSinceMs: number | null
  #fetchedAtMs: number | null = null
  /** The end of the leader's log at that fetch. */
  #leaderEndThen = UNKNOWN

  /** `assumed`: an in-sync replica counts as caught up when the term begins, another never has. */
  constructor(assumed: 'caught-up' | 'behind', nowMs: number) {
    this.#behindSinceMs = assumed === 'caught-up' ? nowMs : NEVER_CAUGHT_UP
  }

  get hasFetched(): boolean {
    return this.#endOffset !== UNKNOWN
  }

  /** Behind its last durable record; -1 before its first fetch. */
  get endOffset(): number {
    return this.#endOffset
  }

  /** Where its log begins; -1 before its first fetch. */
  get logStartOffset(): number {
    return this.#logStartOffset
  }

  /** Whether it has everything that the leader has. */
  get isCaughtUp(): boolean {
    return this.#behindSinceMs === null
  }

  /** Of its last fetch; -1 before. */
  get brokerEpoch(): number {
    return this.#brokerEpoch
  }

  lagMs(nowMs: number): number {
    return this.#behindSinceMs === null ? 0 : nowMs - this.#behindSinceMs
  }

  /**
   * A fetch whose position is known to lie in the leader's log. A delayed one of an earlier life of
   * the broker changes nothing: that disk may be gone (KIP-903).
   *
   * Caught up is who reaches the end of now, or that of the fetch before, as in Kafka: under load
   * the end moves on while the records travel.
   */
  fetched(
    { brokerEpoch, offset, logStartOffset }: Fetched,
    leaderEnd: Offset,
    nowMs: number,
  ): void {
    if (brokerEpoch < this.#brokerEpoch) return
    this.#logStartOffset = logStartOffset
    this.#brokerEpoch = brokerEpoch
    this.#endOffset = offset
    if (offset >= leaderEnd) this.#behindSinceMs = null
    else if (this.#fetchedAtMs !== null && offset >= this.#leaderEndThen) {
      this.#behindSinceMs = Math.max(this.#behindSinceMs ?? NEVER_CAUGHT_UP, this.#fetchedAtMs)
    } else this.#behindSinceMs ??= nowMs
    this.#fetchedAtMs = nowMs
    this.#leaderEndThen = leaderEnd
  }

  /** The leader's log has grown. */
  fallBehind(nowMs: number): void {
    this.#behindSinceMs ??= nowMs
  }

  /** The leader was not running, and cannot hold the time against its followers (B4.5). */
  forgiveLag(nowMs: number): void {
    if (this.#behindSinceMs !== null && this.#behindSinceMs !== NEVER_CAUGHT_UP) {
      this.#behindSinceMs = nowMs
    }
  }
}

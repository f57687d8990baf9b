import { FULL_FETCH_EPOCH } from './fetch-session.ts'
import type { FetchPosition } from './follower.ts'

/** What has happened to a partition. Only records are worth an answer of their own. */
export type News = 'records' | 'offsets'

/** What an answer says of a partition. */
export interface Told {
  readonly highWatermark: number
  readonly logStartOffset: number
  /** After records, a divergence or an error the follower has to ask again. */
  readonly isFinal: boolean
}

/** A partition to look at for the next answer. */
export interface Asked<Partition> {
  readonly partition: Partition
  readonly position: FetchPosition
  /** What the follower was told last; -1 before. */
  readonly highWatermark: number
  readonly logStartOffset: number
}

interface Entry {
  position: FetchPosition
  highWatermark: number
  logStartOffset: number
  state: 'asks' | 'told'
}

/**
 * The leader's end of an incremental fetch session with one follower (KIP-227; `FetchSession` is
 * the other). It knows which partitions may have something to tell, so that an answer walks those
 * and no others.
 */
export class FollowerSession<Partition extends object> {
  readonly id: number
  readonly #entries = new Map<Partition, Entry>()
  readonly #dirty = new Set<Partition>()
  #nextEpoch = FULL_FETCH_EPOCH + 1
  #hasRecords = false

  constructor(id: number) {
    this.id = id
  }

  get partitions(): Iterable<Partition> {
    return this.#entries.keys()
  }

  /** Whether there is something that an answer should not wait for. */
  get isUrgent(): boolean {
    return this.#hasRecords
  }

  /** Whether an incremental request is the one that comes next. */
  accept(sessionEpoch: number): boolean {
    if (sessionEpoch !== this.#nextEpoch) return false
    this.#nextEpoch += 1
    return true
  }

  /**
   * What the last answer said may be lost: a follower that has asked anew before it came looks for
   * the answer to that. It tells its log start itself, and hears the high watermark again.
   */
  ask(partition: Partition, position: FetchPosition): void {
    const isKnown = this.#entries.has(partition)
    this.#entries.set(partition, {
      position,
      highWatermark: -1,
      logStartOffset: isKnown ? position.logStartOffset : -1,
      state: 'asks',
    })
    this.#dirty.add(partition)
    this.#hasRecords = true
  }

  forget(partition: Partition): void {
    this.#entries.delete(partition)
    this.#dirty.delete(partition)
  }

  /** Something happened. Returns whether a waiting fetch should be answered now. */
  mark(partition: Partition, news: News): boolean {
    if (this.#entries.get(partition)?.state !== 'asks') return false
    this.#dirty.add(partition)
    if (news === 'records') this.#hasRecords = true
    return this.#hasRecords
  }

  /** All that may have something to tell, the longest waiting first. They are clean from now on. */
  take(): Asked<Partition>[] {
    const asked: Asked<Partition>[] = []
    for (const partition of this.#dirty) {
      const entry = this.#entries.get(partition)
      if (entry?.state !== 'asks') continue
      const { position, highWatermark, logStartOffset } = entry
      asked.push({ partition, position, highWatermark, logStartOffset })
    }
    this.#dirty.clear()
    this.#hasRecords = false
    return asked
  }

  /** It is not in this answer, for want of room or because it is not worth one, but in the next. */
  putBack({ partition, position }: Asked<Partition>, news: News): void {
    if (this.#entries.get(partition)?.position === position) this.mark(partition, news)
  }

  /** What the answer says. Of a partition that was asked for anew meanwhile nothing is noted. */
  tell({ partition, position }: Asked<Partition>, told: Told): void {
    const entry = this.#entries.get(partition)
    if (entry === undefined || entry.position !== position) return
    entry.highWatermark = told.highWatermark
    entry.logStartOffset = told.logStartOffset
    if (told.isFinal) entry.state = 'told'
  }
}

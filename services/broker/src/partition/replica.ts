import { BusError, type Offset, type TopicConfig } from '@courant/kernel'
import type { PartitionLog } from '@courant/log'
import { RecordBatch, recordBatches } from '@courant/record-batch'
import { type FetchedPartition, type FetchPosition, Follower } from '@courant/replication'
import { expected } from './refusals.ts'
import type { FollowedTerm } from './terms.ts'

/** What a leader answered, with its records as they came. */
export interface FetchedReplica extends FetchedPartition {
  readonly records: Buffer | null
}

/**
 * What is to be done next about a replica: ask at once, ask after a pause, nothing (it is no longer
 * followed, or waits for an operator).
 */
export type NextStep = 'ask' | 'pause' | 'none'

/** Whom a replica tells of what it does to the log. */
export interface ReplicaObserver {
  /** The high watermark has followed the leader's. */
  replicaAdvanced(highWatermark: Offset): void
  /** What was beyond `end` is gone. */
  replicaCut(end: Offset): void
  replicaFailed(error: BusError): void
}

/**
 * A log that follows a leader: carries out on it what `Follower` decides. One answer at a time is
 * worked on; whoever ends the replica waits for that.
 */
export class Replica {
  readonly log: PartitionLog
  readonly term: FollowedTerm
  readonly #follower: Follower
  readonly #observer: ReplicaObserver
  #work: Promise<unknown> | null = null
  #isEnded = false

  constructor(log: PartitionLog, term: FollowedTerm, observer: ReplicaObserver) {
    const { leader, leaderEpoch, lastUncleanLeaderEpoch } = term
    this.log = log
    this.term = term
    this.#observer = observer
    this.#follower = new Follower(leader, leaderEpoch, lastUncleanLeaderEpoch)
  }

  get isEnded(): boolean {
    return this.#isEnded
  }

  /** Whether it may lack what is committed. */
  get isBehind(): boolean {
    return this.#follower.isBehind(this.log)
  }

  /** Follows no more. Resolves when nothing of it is under way on the log. */
  async end(): Promise<void> {
    this.#isEnded = true
    await this.#work?.catch(() => undefined)
  }

  /** Where to fetch; null while the log is not all on the disk, or the replica waits for help. */
  position(): FetchPosition | null {
    const { log } = this
    const isReady = !this.#isEnded && this.#work === null && this.#follower.problem === null
    // A leader that hears of a damaged one would count it.
    if (log.isCorrupt) return null
    return isReady && log.durableEnd === log.appendedEnd ? this.#follower.position(log) : null
  }

  /** Resolves when what was answered is on the disk. */
  async receive(asked: FetchPosition, answer: FetchedReplica): Promise<NextStep> {
    if (this.#isEnded) return 'none'
    const work = this.#apply(asked, answer)
    this.#work = work
    try {
      const next = await work
      return this.#isEnded ? 'none' : next
    } catch (thrown) {
      const error = expected(thrown)
      if (error.code !== 'PARTITION_NOT_FOUND') this.#observer.replicaFailed(error)
      return this.#isEnded ? 'none' : 'pause'
    } finally {
      this.#work = null
    }
  }

  async #apply(asked: FetchPosition, answer: FetchedReplica): Promise<NextStep> {
    const { log } = this
    const action = this.#follower.receive(asked, answer, log)
    switch (action.kind) {
      case 'ignore':
        return 'none'
      case 'retry':
        return 'pause'
      case 'stop':
        this.#observer.replicaFailed(new BusError('STORAGE_CORRUPT', action.problem))
        return 'none'
      case 'truncate':
        await log.truncateTo(action.offset)
        this.#observer.replicaCut(log.appendedEnd)
        return 'ask'
      case 'restart':
        await log.restartAt(action.offset)
        this.#observer.replicaCut(0 as Offset)
        return 'ask'
      case 'append':
        if (answer.records !== null) await this.#append(answer.records)
        return (await this.#settle()) || answer.hasRecords ? 'ask' : 'none'
    }
  }

  async #append(records: Buffer): Promise<void> {
    const size = verifiedBytes(records)
    if (size === 0) return
    const { log } = this
    const first = new RecordBatch(records)
    const isEmpty = log.logStartOffset === log.appendedEnd
    // A leader sends the batch that holds the offset whole, and its log may begin within one.
    if (isEmpty && first.baseOffset < log.appendedEnd && first.nextOffset > log.appendedEnd) {
      await log.restartAt(first.baseOffset)
    }
    await log.replicate(records.subarray(0, size)).durable
  }

  /** Whether the log start has moved: the leader waits to hear of it. */
  async #settle(): Promise<boolean> {
    const { log } = this
    const highWatermark = this.#follower.highWatermark(log)
    if (highWatermark > log.highWatermark && !this.#isEnded) {
      log.advanceHighWatermark(highWatermark)
      this.#observer.replicaAdvanced(log.highWatermark)
    }
    const start = this.#follower.logStart(log)
    if (start <= log.logStartOffset) return false
    await log.advanceLogStart(start)
    return true
  }
}

/** Bytes of the whole batches; each has been sound on its way (reliability B5.5). */
function verifiedBytes(records: Buffer): number {
  let size = 0
  for (const batch of recordBatches(records)) {
    batch.verify()
    size += batch.size
  }
  return size
}

/** Followers delete what their leader has deleted, and nothing by themselves (B5.9). */
export function withoutRetention(config: TopicConfig): TopicConfig {
  return { ...config, retentionMs: -1, retentionBytes: -1 }
}

import {
  assert,
  BusError,
  type Clock,
  type LeaderEpoch,
  type Offset,
  type PartitionIndex,
  type TopicConfig,
  type TopicId,
} from '@courant/kernel'
import type { LogDirectory, LogObserver, PartitionLog, ReadResult } from '@courant/log'
import type { Acks } from './acks.ts'
import { AdvanceListeners } from './advance-listeners.ts'
import type { FetchedRecords, FetchRequest } from './fetched-records.ts'
import { PendingProduces, type WaitingAppend } from './pending-produces.ts'
import { producedBatch } from './produced-batch.ts'
import { readOn } from './read-on.ts'
import { ambiguous, DELETED, expected, NOT_LEADER, refusalOf, STARTING } from './refusals.ts'
import type { Traffic } from './traffic.ts'

/** What a request says that does not know the leader's epoch. */
const UNKNOWN_EPOCH = -1

/** What the partitions of a broker share. */
export interface PartitionHost {
  readonly directory: LogDirectory
  readonly clock: Clock
  readonly traffic: Traffic
}

/** One leader's term, as the control plane decided it. */
export interface Term {
  readonly leaderEpoch: LeaderEpoch
  readonly config: TopicConfig
  /** Why acks=all cannot be promised, or null: the high watermark then follows the disk. */
  readonly replicaShortage: BusError | null
}

/** An append that hears of its place in the log before it is acknowledged. */
export interface ProducedAppend extends WaitingAppend {
  appended(baseOffset: Offset, appendTimeMs: number, logStartOffset: Offset): void
}

/** The leader that can be asked. */
interface Leadership {
  readonly log: PartitionLog
  readonly epoch: LeaderEpoch
  /** Where the term began: up to here the high watermark may lag behind what was acknowledged. */
  readonly start: Offset
}

/**
 * The one owner of a partition on this broker. It serves while it leads and else refuses, with the
 * reason. States: refusing → starting (the epoch is on its way to the disk) → leading → refusing.
 *
 * The high watermark follows the durable end of the log, for there are no followers yet.
 */
export class Partition implements LogObserver {
  readonly topicId: TopicId
  readonly index: PartitionIndex
  readonly onAdvance = new AdvanceListeners()
  readonly #host: PartitionHost
  #log: PartitionLog | null
  #term: Term | null = null
  #leadership: Leadership | null = null
  /** Why nothing is served while there is no leadership. */
  #refusal: BusError = NOT_LEADER
  /** Those who wait for the disk, and those who wait for the high watermark. */
  #forDisk: PendingProduces | null = null
  #forWatermark: PendingProduces | null = null

  constructor(
    host: PartitionHost,
    id: { readonly topicId: TopicId; readonly index: PartitionIndex },
    log: PartitionLog | null,
  ) {
    this.topicId = id.topicId
    this.index = id.index
    this.#host = host
    this.#log = log
  }

  get state(): 'refusing' | 'starting' | 'leading' {
    if (this.#leadership !== null) return 'leading'
    return this.#term === null ? 'refusing' : 'starting'
  }

  get leaderEpoch(): LeaderEpoch {
    return this.#leading().epoch
  }

  /** Whether a reader that saw this high watermark would now see more, or an error. */
  hasMoreThan(highWatermark: number): boolean {
    return this.#leadership === null || this.#leadership.log.highWatermark > highWatermark
  }

  /** The log of a partition that leads, for look-ups. Throws why it does not. */
  get log(): PartitionLog {
    return this.#leading().log
  }

  /**
   * Begins a term: it serves when the start of its epoch is on the disk (reliability B5.7). In a
   * term that goes on, takes over what else has changed. Rejects with why this broker cannot lead.
   */
  async lead(term: Term): Promise<void> {
    if (this.#term?.leaderEpoch === term.leaderEpoch) {
      this.#term = term
      this.#log?.configure(term.config)
      this.#advance()
      return
    }
    this.refuse(STARTING)
    this.#term = term
    try {
      await this.#start(term)
    } catch (thrown) {
      const error = BusError.from(thrown)
      if (this.#term?.leaderEpoch === term.leaderEpoch) this.refuse(refusalOf(error))
      throw error
    }
  }

  /** Ends the term, if there is one. What has been appended and not acknowledged may stay. */
  refuse(error: BusError): void {
    this.#refusal = error
    this.#term = null
    const wasLeading = this.#leadership !== null
    this.#leadership = null
    if (this.#log !== null) this.#log.observer = null
    if (!wasLeading) return
    const outcome = ambiguous(error)
    this.#forDisk?.failAll(outcome)
    this.#forWatermark?.failAll(outcome)
    this.onAdvance.notify()
  }

  /** Settings changed. */
  configure(config: TopicConfig): void {
    if (this.#term === null) return
    this.#term = { ...this.#term, config }
    this.#log?.configure(config)
  }

  /** Deletes the log for good. Only a tombstone of the topic allows it (reliability B1.3). */
  async delete(): Promise<void> {
    this.refuse(DELETED)
    this.#log = null
    await this.#host.directory.delete(this.topicId, this.index)
  }

  /**
   * Appends one batch. `append` hears its outcome, now or later; nothing is thrown for bad input. A
   * topic with durability=replicated is acknowledged before the disk has it, and read only after: a
   * consumer never sees a record that a power cut could take back.
   */
  append(records: Buffer | null, acks: Acks, append: ProducedAppend): void {
    try {
      const { log, epoch } = this.#leading()
      const { config, replicaShortage } = this.#currentTerm()
      if (acks === -1 && replicaShortage !== null) throw replicaShortage
      const now = this.#host.clock.now()
      const batch = producedBatch(records, config, now)
      const stampsTime = config.timestampType === 'append'
      const request = { batches: batch.buffer, leaderEpoch: epoch }
      const appended = log.append(stampsTime ? { ...request, logAppendTimeMs: now } : request)
      const { baseOffset, lastOffset } = appended
      append.appended(baseOffset, stampsTime ? now : -1, log.logStartOffset)
      this.#count(batch.recordCount, batch.size)
      if (acks === 0 || config.durability === 'replicated') append.acknowledge()
      else this.#keepWaiting(acks, (lastOffset + 1) as Offset, append)
    } catch (thrown) {
      append.fail(expected(thrown))
    }
  }

  /**
   * Reads below the high watermark. All numbers of the answer belong together: they were taken in
   * one turn, before the read, whose records can only lie within them (KAFKA-7104).
   */
  fetch(request: FetchRequest): FetchedRecords | Promise<FetchedRecords> {
    const { log } = this.#leading()
    this.checkEpoch(request.leaderEpoch)
    const { highWatermark, logStartOffset } = log
    const { maxBytes, first } = request
    const offset = request.offset as Offset
    const found = readOn(log, { offset, maxBytes, first, end: highWatermark })
    const answer = ({ chunks, size, release }: ReadResult): FetchedRecords => {
      this.#host.traffic.fetchedBytes += size
      return { chunks, size, highWatermark, logStartOffset, release }
    }
    return found instanceof Promise ? found.then(answer) : answer(found)
  }

  /** A client that knows another epoch than ours has to learn before it is served (KIP-320). */
  checkEpoch(epoch: number): void {
    const own = this.#leading().epoch
    if (epoch === UNKNOWN_EPOCH || epoch === own) return
    if (epoch < own) throw new BusError('FENCED_LEADER_EPOCH', `The leader epoch is ${own}.`)
    throw new BusError('UNKNOWN_LEADER_EPOCH', `The leader epoch known here is ${own}.`)
  }

  /** The end for consumers. Throws while it may lie before what an earlier leader acknowledged. */
  latestOffset(): Offset {
    const { log, start } = this.#leading()
    if (log.highWatermark >= start) return log.highWatermark
    throw new BusError('OFFSET_NOT_AVAILABLE', 'The new leader does not know the end yet.')
  }

  /** Deletes what lies below `offset`; resolves with the new start when that is durable. */
  async deleteRecords(offset: Offset | 'highWatermark'): Promise<Offset> {
    const { log } = this.#leading()
    const { logStartOffset, highWatermark } = log
    const start = offset === 'highWatermark' ? highWatermark : offset
    if (start < 0 || start > highWatermark) {
      throw new BusError('OFFSET_OUT_OF_RANGE', `The high watermark is ${highWatermark}.`, {
        extra: { logStartOffset, highWatermark },
      })
    }
    await log.advanceLogStart(start)
    return log.logStartOffset
  }

  /** Called by the log, once a cycle of the ring. */
  durableEndAdvanced(): void {
    this.#advance()
  }

  async #start(term: Term): Promise<void> {
    const { topicId, index } = this
    const { directory } = this.#host
    this.#log ??= await directory.create(topicId, index, term.config)
    const log = this.#log
    if (!this.#isCurrent(term)) return
    log.configure(term.config)
    await log.startEpoch(term.leaderEpoch)
    if (!this.#isCurrent(term)) return
    this.#leadership = { log, epoch: term.leaderEpoch, start: log.appendedEnd }
    log.observer = this
    this.#advance()
  }

  #isCurrent(term: Term): boolean {
    return this.#term?.leaderEpoch === term.leaderEpoch
  }

  #advance(): void {
    if (this.#leadership === null) return
    const { log } = this.#leadership
    const before = log.highWatermark
    if (this.#currentTerm().replicaShortage === null) log.advanceHighWatermark(log.durableEnd)
    this.#forDisk?.release(log.durableEnd)
    this.#forWatermark?.release(log.highWatermark)
    if (log.highWatermark > before) this.onAdvance.notify()
  }

  #keepWaiting(acks: 1 | -1, end: Offset, append: WaitingAppend): void {
    if (acks === 1) {
      this.#forDisk ??= new PendingProduces()
      this.#forDisk.add(end, append)
    } else {
      this.#forWatermark ??= new PendingProduces()
      this.#forWatermark.add(end, append)
    }
  }

  #count(records: number, bytes: number): void {
    const { traffic } = this.#host
    traffic.producedBatches += 1
    traffic.producedRecords += records
    traffic.producedBytes += bytes
  }

  #leading(): Leadership {
    if (this.#leadership === null) throw this.#refusal
    return this.#leadership
  }

  #currentTerm(): Term {
    assert(this.#term !== null, 'a leader has a term')
    return this.#term
  }
}

import {
  assert,
  BusError,
  type LeaderEpoch,
  type Offset,
  type PartitionIndex,
  type TopicId,
} from '@courant/kernel'
import { hasProducerAt, RecordBatch } from '@courant/record-batch'
import type { PartitionCheckpoint } from '../checkpoint/checkpoint-record.ts'
import { ProducerState } from '../producer/producer-state.ts'
import { NO_PRODUCERS } from '../producer/producer-table.ts'
import type { BatchRun } from './batch-run.ts'
import { LeaderEpochCache } from './leader-epoch-cache.ts'
import { Tail } from './tail.ts'

const NEVER = Number.MAX_SAFE_INTEGER

/**
 * What memory knows of one log. Every durable change is applied here and nowhere else: when it
 * happens, and once more, in the same order, when recovery replays the ring.
 */
export class LogState {
  readonly epochs: LeaderEpochCache
  /** Null while no idempotent producer is known: most partitions have none. */
  producers: ProducerState | null
  /** Null while nothing of the log is in memory: most partitions are idle. */
  tail: Tail | null = null
  logStartOffset: Offset
  /** The newest log start that is on the disk: what a checkpoint may say. */
  durableLogStart: Offset
  highWatermark: Offset
  appendedEnd: Offset
  durableEnd: Offset
  /** The newest ring cycle that has entries of this log. */
  joinedCycle: number
  /** The newest truncation: no checkpoint may show the log between what it removed and kept. */
  truncatedCycle = 0
  /** Counts the truncations, for readers that were under way. */
  truncations = 0
  /**
   * Where the files are still to be cut: the lowest end of the truncations since they last were.
   */
  fileCut: number = NEVER
  /** Where the files have to begin anew; null when they need not. Before any cut. */
  fileRestart: Offset | null = null
  status: 'open' | 'deleting' | 'deleted' = 'open'
  isCorrupt = false

  constructor(checkpoint: PartitionCheckpoint) {
    const { fileEnd } = checkpoint.files
    this.epochs = new LeaderEpochCache(checkpoint.epochs)
    const { producers } = checkpoint
    this.producers = producers.length === 0 ? null : new ProducerState(producers)
    this.logStartOffset = checkpoint.logStartOffset
    this.durableLogStart = checkpoint.logStartOffset
    this.appendedEnd = fileEnd
    this.durableEnd = fileEnd
    this.highWatermark = Math.min(checkpoint.highWatermark, fileEnd) as Offset
    this.joinedCycle = checkpoint.appliedCycle
  }

  addRun(run: BatchRun): void {
    this.tail ??= new Tail()
    this.tail.add(run)
    this.appendedEnd = run.nextOffset
  }

  /** Batches of producers are in the run. */
  noteProducers(run: BatchRun, nowMs: number): void {
    this.producers ??= new ProducerState()
    this.producers.note(run, nowMs)
  }

  /** These runs are on file, and the tail knows. */
  saveProducers(runs: readonly BatchRun[], nowMs: number): void {
    this.producers?.save(runs, this.tail?.hasPending ? 'pending' : 'none', nowMs)
    if (this.producers?.isEmpty) this.producers = null
  }

  /** Batches of the ring that go on where the log ends. */
  replayAppend(batches: Buffer, cycle: number, nowMs: number): void {
    const { baseOffset } = new RecordBatch(batches)
    assert(baseOffset === this.appendedEnd, 'the ring goes on where the log ends')
    const run: BatchRun = {
      memory: batches,
      slab: null,
      start: 0,
      end: batches.length,
      baseOffset,
      nextOffset: baseOffset,
      maxTimestamp: -1,
      cycle,
    }
    let hasProducer = false
    for (let at = 0; at < batches.length; ) {
      const batch = new RecordBatch(batches, at)
      hasProducer ||= hasProducerAt(batches, at)
      this.epochs.begin(batch.partitionLeaderEpoch, batch.baseOffset)
      run.maxTimestamp = Math.max(run.maxTimestamp, batch.maxTimestamp)
      run.nextOffset = batch.nextOffset
      at += batch.size
      assert(batch.size > 0 && at <= batches.length, 'an entry holds whole batches')
    }
    this.addRun(run)
    if (hasProducer) this.noteProducers(run, nowMs)
    this.durableEnd = this.appendedEnd
    this.joinedCycle = cycle
  }

  /** All that was appended up to this cycle is durable. Whether that is news. */
  becomeDurable(cycle: number): boolean {
    const end = this.tail?.endOfCycle(cycle) ?? null
    if (end === null || end <= this.durableEnd) return false
    this.durableEnd = end
    return true
  }

  trimTo(offset: Offset): void {
    if (offset <= this.logStartOffset) return
    this.logStartOffset = offset
    if (this.highWatermark < offset) this.highWatermark = offset
  }

  /** The entry of a trim is on the disk. */
  noteDurableLogStart(offset: Offset): void {
    if (offset > this.durableLogStart) this.durableLogStart = offset
  }

  /** Cuts the log in memory at `end`, the base offset of a batch. The files follow. */
  truncateTo(end: Offset, cycle: number, nowMs: number): void {
    this.truncations += 1
    this.truncatedCycle = cycle
    this.joinedCycle = Math.max(this.joinedCycle, cycle)
    this.tail?.truncateTo(end)
    this.epochs.truncateTo(end)
    this.producers?.truncateTo(end, this.tail?.allPending() ?? [], nowMs)
    this.appendedEnd = end
    this.durableEnd = Math.min(this.durableEnd, end) as Offset
    this.highWatermark = Math.min(this.highWatermark, end) as Offset
    // The batch at the log start may have gone whole.
    this.logStartOffset = Math.min(this.logStartOffset, end) as Offset
    this.durableLogStart = Math.min(this.durableLogStart, end) as Offset
    if (end < this.fileCut) this.fileCut = end
  }

  /** Nothing is left; the log goes on at `offset`. The files follow. */
  restartAt(offset: Offset, cycle: number): void {
    this.truncations += 1
    this.truncatedCycle = cycle
    this.joinedCycle = Math.max(this.joinedCycle, cycle)
    this.tail?.truncateTo(0 as Offset)
    this.epochs.clear()
    this.producers = null
    this.appendedEnd = offset
    this.durableEnd = offset
    this.highWatermark = offset
    this.logStartOffset = offset
    this.durableLogStart = offset
    this.fileCut = NEVER
    this.fileRestart = offset
  }

  /** Takes the place where the files must be cut, or null when they need not be. */
  takeFileCut(): Offset | null {
    const end = this.fileCut
    this.fileCut = NEVER
    return end === NEVER ? null : (end as Offset)
  }

  get isDeleted(): boolean {
    return this.status === 'deleted'
  }

  delete(): void {
    this.status = 'deleted'
    this.tail = null
    this.producers = null
  }

  requireExisting(): void {
    if (this.status === 'open') return
    throw new BusError('PARTITION_NOT_FOUND', 'This partition has been deleted.')
  }

  requireEpoch(epoch: LeaderEpoch): void {
    if (epoch >= this.epochs.latest) return
    throw new BusError('FENCED_LEADER_EPOCH', 'A newer leader has written to this partition.')
  }

  requireInRange(offset: Offset): void {
    if (offset < this.logStartOffset || offset > this.appendedEnd) throw this.outOfRange(offset)
  }

  outOfRange(offset: Offset): BusError {
    const { logStartOffset, highWatermark } = this
    return new BusError(
      'OFFSET_OUT_OF_RANGE',
      `Offset ${offset} is outside the log, which has [${logStartOffset}, ${highWatermark}).`,
      { extra: { logStartOffset, highWatermark } },
    )
  }
}

/** A log that is about to be created in a cycle. */
export function emptyCheckpoint(
  identity: {
    readonly incarnation: number
    readonly topicId: TopicId
    readonly partition: PartitionIndex
  },
  appliedCycle: number,
): PartitionCheckpoint {
  const zero = 0 as Offset
  return {
    incarnation: identity.incarnation,
    topicId: identity.topicId,
    partition: identity.partition,
    appliedCycle,
    logStartOffset: zero,
    highWatermark: zero,
    files: { fileEnd: zero, sealed: [], active: null },
    epochs: [],
    producers: NO_PRODUCERS,
  }
}

import { assert, BusError, type LeaderEpoch, type Offset } from '@courant/kernel'
import { recordBatches } from '@courant/record-batch'
import type { PartitionCheckpoint } from '../checkpoint/checkpoint-record.ts'
import {
  type AppendRequest,
  type AppendResult,
  type FoundTimestamp,
  type LogConfig,
  type LogObserver,
  NOTHING_READ,
  type PartitionLog,
  type ReadRequest,
  type ReadResult,
} from '../partition-log.ts'
import type { Ring } from '../ring/ring.ts'
import type { CycleParticipant, RingCycle } from '../ring/ring-cycle.ts'
import { type FileContext, PartitionFiles } from '../segment/partition-files.ts'
import type { BatchRun } from './batch-run.ts'
import { checkpointOf, cutFiles, removeTrimmed, writeBack } from './file-changes.ts'
import { requireContinuation, requireWholeBatches, stamp } from './incoming-batches.ts'
import { LogState } from './log-state.ts'
import { findBoundary, findTimestamp, type ReadableLog, readFromFiles } from './partition-reads.ts'
import type { TailCache } from './tail-cache.ts'

/** What the logs of a directory share. */
export interface LogContext extends FileContext {
  readonly ring: Ring
  readonly tailCache: TailCache
  /** Throws STORAGE_FULL, or SHUTTING_DOWN. */
  admit(bytes: number): void
  /** A cycle holds entries of this log that no checkpoint has. */
  markDirty(log: DiskPartitionLog, cycle: number): void
  fail(error: unknown): void
}

/** What a checkpoint of one partition came to. */
export interface CheckpointOutcome {
  readonly log: DiskPartitionLog
  /** Null when the partition is deleted, with its files. */
  readonly state: PartitionCheckpoint | null
  /** Entries of this partition up to this cycle are no longer needed in the ring. */
  readonly appliedCycle: number
  readonly bytes: number
}

/** Settings until the broker has told the topic's: nothing that deletes. */
const UNCONFIGURED: LogConfig = {
  segmentBytes: 1024 * 1024 * 1024,
  segmentMs: Number.MAX_SAFE_INTEGER,
  retentionMs: -1,
  retentionBytes: -1,
}

/** Which cycle holds a truncation or deletion that is on its way to the disk. */
const NONE = Number.MAX_SAFE_INTEGER
const NOT_YET_ENTERED: number = NONE - 1

/**
 * The log of one partition over the ring, its pending tail and its segment files: what may be asked
 * of it when, what is entered in the ring, and in which order the files follow.
 */
export class DiskPartitionLog implements PartitionLog, CycleParticipant, ReadableLog {
  readonly topicId: PartitionLog['topicId']
  readonly partition: PartitionLog['partition']
  readonly incarnation: number
  readonly context: LogContext
  readonly state: LogState
  readonly files: PartitionFiles
  observer: LogObserver | null = null
  #config: LogConfig = UNCONFIGURED
  #changingCycle: number = NONE
  /** The change of the files that is under way: one at a time. */
  #work: Promise<void> | null = null

  constructor(context: LogContext, directory: string, checkpoint: PartitionCheckpoint) {
    this.context = context
    this.topicId = checkpoint.topicId
    this.partition = checkpoint.partition
    this.incarnation = checkpoint.incarnation
    this.state = new LogState(checkpoint)
    this.files = new PartitionFiles(context, directory, checkpoint.files)
  }

  get logStartOffset(): Offset {
    return this.state.logStartOffset
  }

  get appendedEnd(): Offset {
    return this.state.appendedEnd
  }

  get durableEnd(): Offset {
    return this.state.durableEnd
  }

  get highWatermark(): Offset {
    return this.state.highWatermark
  }

  get leaderEpoch(): LeaderEpoch {
    return this.state.epochs.latest
  }

  get sizeBytes(): number {
    return this.files.sizeBytes + (this.state.tail?.pendingBytes ?? 0)
  }

  get isCorrupt(): boolean {
    return this.state.isCorrupt
  }

  get config(): LogConfig {
    return this.#config
  }

  configure(config: LogConfig): void {
    this.#config = config
  }

  append({ batches, leaderEpoch, logAppendTimeMs }: AppendRequest): AppendResult {
    const { state } = this
    this.#requireSteady()
    state.requireEpoch(leaderEpoch)
    requireWholeBatches(batches)
    const { run, cycle } = this.#copyToRing(batches)
    stamp(run, leaderEpoch, logAppendTimeMs)
    state.epochs.begin(leaderEpoch, run.baseOffset)
    return this.#add(run, cycle)
  }

  replicate(batches: Buffer): AppendResult {
    const { state } = this
    this.#requireSteady()
    requireWholeBatches(batches)
    requireContinuation(batches, state.appendedEnd, state.epochs.latest)
    const { run, cycle } = this.#copyToRing(batches)
    for (const batch of recordBatches(run.memory, run.start, run.end)) {
      state.epochs.begin(batch.partitionLeaderEpoch, batch.baseOffset)
      run.nextOffset = batch.nextOffset
      run.maxTimestamp = Math.max(run.maxTimestamp, batch.maxTimestamp)
    }
    return this.#add(run, cycle)
  }

  read(request: ReadRequest): ReadResult | Promise<ReadResult> {
    const { state } = this
    state.requireExisting()
    state.requireInRange(request.offset)
    const end = Math.min(request.end, state.appendedEnd) as Offset
    if (request.offset >= end) return { ...NOTHING_READ, nextOffset: request.offset }
    return state.tail?.read({ ...request, end }) ?? readFromFiles(this, request)
  }

  async offsetForTimestamp(timestamp: number, end: Offset): Promise<FoundTimestamp | null> {
    this.state.requireExisting()
    const found = await findTimestamp(this, timestamp)
    return found !== null && found.offset < end ? found : null
  }

  endOffsetForEpoch(epoch: LeaderEpoch): { epoch: LeaderEpoch; end: Offset } | null {
    return this.state.epochs.endOffsetFor(epoch, this.state.appendedEnd)
  }

  async startEpoch(epoch: LeaderEpoch): Promise<void> {
    const { state, incarnation } = this
    this.#requireSteady()
    state.requireEpoch(epoch)
    const offset = state.appendedEnd
    const cycle = this.context.ring.enter({ type: 'epochStart', incarnation, epoch, offset })
    state.epochs.begin(epoch, offset)
    this.#join(cycle)
    await cycle.durable
  }

  advanceHighWatermark(offset: Offset): void {
    const { state } = this
    const next = Math.min(offset, state.appendedEnd) as Offset
    if (next > state.highWatermark) state.highWatermark = next
  }

  async advanceLogStart(offset: Offset): Promise<void> {
    const { state, incarnation } = this
    this.#requireSteady()
    if (offset > state.highWatermark) throw state.outOfRange(offset)
    if (offset <= state.logStartOffset) return
    const cycle = this.context.ring.enter({ type: 'logStart', incarnation, offset })
    state.trimTo(offset)
    this.#join(cycle)
    const { truncations } = state
    await cycle.durable
    // A truncation since then has had its own say on where the log starts.
    if (truncations === state.truncations) state.noteDurableLogStart(offset)
    await this.#exclusively(() => removeTrimmed(this))
  }

  async truncateTo(offset: Offset): Promise<void> {
    const { state } = this
    this.#requireSteady()
    const { appendedEnd, epochs } = state
    if (offset > appendedEnd) return
    if (offset === appendedEnd && epochs.latestStart < appendedEnd) return
    if (offset < state.logStartOffset) throw state.outOfRange(offset)
    await this.#cut(
      'truncate',
      () => (offset === appendedEnd ? appendedEnd : findBoundary(this, offset)),
      (end, cycle) => state.truncateTo(end, cycle),
    )
  }

  async restartAt(offset: Offset): Promise<void> {
    this.#requireSteady()
    await this.#cut(
      'restart',
      () => offset,
      (end, cycle) => this.state.restartAt(end, cycle),
    )
  }

  /** Takes records away at an end that may have to be looked for in a file. */
  async #cut(
    type: 'truncate' | 'restart',
    findEnd: () => Offset | Promise<Offset>,
    apply: (end: Offset, cycle: number) => void,
  ): Promise<void> {
    const { state, incarnation } = this
    // Nothing else may be entered before the boundary is known: it may have to be read from a file.
    this.#changingCycle = NOT_YET_ENTERED
    let isApplied = false
    try {
      const end = await findEnd()
      state.requireExisting()
      const cycle = this.context.ring.enter({ type, incarnation, offset: end })
      this.#changingCycle = cycle.number
      this.#join(cycle)
      await cycle.durable
      await this.#exclusively(() => {
        state.requireExisting()
        apply(end, cycle.number)
        // In this turn: the next checkpoint must see the log after the truncation, or before it.
        this.#changingCycle = NONE
        isApplied = true
        return cutFiles(this)
      })
    } finally {
      // A deletion that came meanwhile keeps its own.
      if (!isApplied && state.status === 'open') this.#changingCycle = NONE
    }
  }

  /** Enters the deletion; the files go with the next checkpoint. */
  async delete(): Promise<void> {
    this.state.requireExisting()
    const cycle = this.context.ring.enter({ type: 'delete', incarnation: this.incarnation })
    this.state.status = 'deleting'
    // A truncation that is on its way, too, is not yet to be seen by a checkpoint.
    this.#changingCycle = Math.min(this.#changingCycle, cycle.number)
    this.#join(cycle)
    await cycle.durable
    this.state.delete()
    this.observer = null
  }

  /** Enters the creation of this log. */
  async create(): Promise<void> {
    const { topicId, partition, incarnation } = this
    const cycle = this.context.ring.enter({ type: 'create', incarnation, topicId, partition })
    this.#join(cycle)
    await cycle.durable
  }

  onDurable(cycle: number): void {
    if (this.state.becomeDurable(cycle)) this.observer?.durableEndAdvanced()
  }

  /** Writes pending batches to the segment files and tells what a checkpoint may say then. */
  async checkpoint(bytesMax: number): Promise<CheckpointOutcome> {
    let outcome: CheckpointOutcome | null = null
    await this.#exclusively(async () => {
      outcome = await this.#checkpointNow(bytesMax)
    })
    assert(outcome !== null)
    return outcome
  }

  /** From which cycle on the ring is needed beside a checkpoint up to `appliedCycle`, or null. */
  neededAfter(appliedCycle: number): number | null {
    return this.state.joinedCycle > appliedCycle ? appliedCycle + 1 : null
  }

  /** After replay: the files become what the log is. */
  async finishReplay(): Promise<void> {
    if (this.state.status === 'deleted') return
    await cutFiles(this)
    await removeTrimmed(this)
  }

  /** Rolls the active segment when it is old; the next checkpoint says so. */
  rollByAge(now: number): void {
    const { active } = this.files
    if (active === null || now - active.firstAppendMs < this.#config.segmentMs) return
    if (this.#work === null && this.state.status === 'open') this.files.sealActive()
  }

  async #checkpointNow(bytesMax: number): Promise<CheckpointOutcome> {
    if (this.state.status === 'deleted') {
      await this.files.remove()
      return { log: this, state: null, appliedCycle: this.state.joinedCycle, bytes: 0 }
    }
    const { ring, tailCache } = this.context
    const cycleMax = Math.min(ring.durableCycle, this.#changingCycle - 1)
    const written = await writeBack(this, { cycleMax, bytesMax }, this.#config, tailCache)
    const state = checkpointOf(this, this, written.appliedCycle)
    return { log: this, state, ...written }
  }

  /** The run has its base offset and no end yet: that is in the batches. */
  #copyToRing(batches: Buffer): { readonly run: BatchRun; readonly cycle: RingCycle } {
    const { ring, admit } = this.context
    admit(batches.length)
    const cycle = ring.cycleFor(batches.length)
    const start = ring.append(cycle, this.incarnation, batches)
    const baseOffset = this.state.appendedEnd
    const run: BatchRun = {
      memory: ring.slab.memory,
      slab: ring.slab,
      start,
      end: start + batches.length,
      baseOffset,
      nextOffset: baseOffset,
      maxTimestamp: -1,
      cycle: cycle.number,
    }
    return { run, cycle }
  }

  #add(run: BatchRun, cycle: RingCycle): AppendResult {
    const { baseOffset } = run
    const lastOffset = (run.nextOffset - 1) as Offset
    this.state.addRun(run)
    this.#join(cycle)
    return { baseOffset, lastOffset, durable: cycle.durable }
  }

  #join(cycle: RingCycle): void {
    if (this.state.joinedCycle === cycle.number) return
    this.state.joinedCycle = cycle.number
    cycle.addParticipant(this)
    this.context.markDirty(this, cycle.number)
  }

  /**
   * A failure here leaves files of which nobody knows what they hold: the directory goes offline.
   */
  async #exclusively(action: () => Promise<void>): Promise<void> {
    while (this.#work !== null) await this.#work
    this.context.ring.requireSound()
    const work = action()
    this.#work = work.then(
      () => undefined,
      () => undefined,
    )
    try {
      await work
    } catch (error) {
      this.context.fail(error)
      throw error
    } finally {
      this.#work = null
    }
  }

  #requireSteady(): void {
    this.state.requireExisting()
    if (this.#changingCycle !== NONE) throw new BusError('BUSY', 'The log is being truncated.')
  }
}

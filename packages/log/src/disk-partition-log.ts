import {
  assert,
  BusError,
  type LeaderEpoch,
  type Offset,
  type PartitionIndex,
  type TopicId,
} from '@courant/kernel'
import { BATCH_HEADER_BYTES, batchSizeAt, RecordBatch } from '@courant/record-batch'
import type { BatchRun } from './batch-run.ts'
import type { PartitionCheckpoint } from './checkpoint-record.ts'
import { LeaderEpochCache } from './leader-epoch-cache.ts'
import { type FileContext, PartitionFiles } from './partition-files.ts'
import type {
  AppendRequest,
  AppendResult,
  FoundTimestamp,
  LogConfig,
  LogObserver,
  PartitionLog,
  ReadRequest,
  ReadResult,
} from './partition-log.ts'
import { findTimestampInRuns, findTimestampInSegments, readFiles } from './partition-reads.ts'
import type { Ring } from './ring.ts'
import type { CycleParticipant, RingCycle } from './ring-cycle.ts'
import { batchOf } from './segment-reader.ts'
import { Tail } from './tail.ts'
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
  /** From which cycle on the ring is still needed for this partition; null when it is not. */
  readonly dirtyFrom: number | null
  readonly bytes: number
}

/** Settings until the broker has told the topic's: nothing that deletes. */
const UNCONFIGURED: LogConfig = {
  segmentBytes: 1024 * 1024 * 1024,
  segmentMs: Number.MAX_SAFE_INTEGER,
  retentionMs: -1,
  retentionBytes: -1,
}

const NEVER = Number.MAX_SAFE_INTEGER

/** The log of one partition over the ring, its pending tail and its segment files. */
export class DiskPartitionLog implements PartitionLog, CycleParticipant {
  readonly topicId: TopicId
  readonly partition: PartitionIndex
  readonly incarnation: number
  observer: LogObserver | null = null
  readonly #context: LogContext
  readonly #files: PartitionFiles
  readonly #epochs: LeaderEpochCache
  #tail: Tail | null = null
  #config: LogConfig = UNCONFIGURED
  #logStartOffset: Offset
  #highWatermark: Offset
  #appendedEnd: Offset
  #durableEnd: Offset
  /** The newest cycle that has entries of this log. */
  #joinedCycle: number
  /** The newest truncation: no checkpoint may show the log between what it removed and kept. */
  #truncatedCycle = 0
  /** A truncation or deletion on its way to the disk: checkpoints show the log before it. */
  #changingCycle = NEVER
  #truncations = 0
  /** Where the files are still to be cut: the lowest end of the truncations since they last were. */
  #fileCut: number = NEVER
  #state: 'open' | 'deleting' | 'deleted' = 'open'
  #isCorrupt = false
  /** The change of the files that is under way: one at a time. */
  #work: Promise<void> | null = null

  constructor(context: LogContext, directory: string, state: PartitionCheckpoint) {
    this.#context = context
    this.topicId = state.topicId
    this.partition = state.partition
    this.incarnation = state.incarnation
    this.#files = new PartitionFiles(context, directory, state.files)
    this.#epochs = new LeaderEpochCache(state.epochs)
    this.#logStartOffset = state.logStartOffset
    this.#appendedEnd = state.files.fileEnd
    this.#durableEnd = state.files.fileEnd
    this.#highWatermark = Math.min(state.highWatermark, state.files.fileEnd) as Offset
    this.#joinedCycle = state.appliedCycle
  }

  get logStartOffset(): Offset {
    return this.#logStartOffset
  }

  get appendedEnd(): Offset {
    return this.#appendedEnd
  }

  get durableEnd(): Offset {
    return this.#durableEnd
  }

  get highWatermark(): Offset {
    return this.#highWatermark
  }

  get leaderEpoch(): LeaderEpoch {
    return this.#epochs.latest
  }

  get sizeBytes(): number {
    const pending = this.#tail?.pendingBytes ?? 0
    return this.#files.sizeBytes + pending
  }

  get isDeleted(): boolean {
    return this.#state === 'deleted'
  }

  get isCorrupt(): boolean {
    return this.#isCorrupt
  }

  /** For retention. */
  get files(): PartitionFiles {
    return this.#files
  }

  get config(): LogConfig {
    return this.#config
  }

  configure(config: LogConfig): void {
    this.#config = config
  }

  append({ batches, leaderEpoch, logAppendTimeMs }: AppendRequest): AppendResult {
    this.#requireExisting()
    if (this.#changingCycle !== NEVER) throw new BusError('BUSY', 'The log is being truncated.')
    if (leaderEpoch < this.#epochs.latest) {
      throw new BusError('FENCED_LEADER_EPOCH', 'A newer leader has written to this partition.')
    }
    requireWholeBatches(batches)
    const { ring } = this.#context
    this.#context.admit(batches.length)
    const cycle = ring.cycleFor(batches.length)
    const start = ring.append(cycle, this.incarnation, batches)
    const baseOffset = this.#appendedEnd
    const run: BatchRun = {
      memory: ring.memory,
      start,
      end: start + batches.length,
      baseOffset,
      nextOffset: baseOffset,
      maxTimestamp: -1,
      cycle: cycle.number,
    }
    stamp(run, leaderEpoch, logAppendTimeMs)
    this.#epochs.begin(leaderEpoch, baseOffset)
    this.#addRun(run)
    this.#join(cycle)
    return { baseOffset, lastOffset: (run.nextOffset - 1) as Offset, durable: cycle.durable }
  }

  read(request: ReadRequest): ReadResult | Promise<ReadResult> {
    this.#requireExisting()
    this.#requireInRange(request.offset)
    const end = Math.min(request.end, this.#appendedEnd) as Offset
    if (request.offset >= end) return { chunks: [], size: 0, nextOffset: request.offset }
    const limits = { ...request, end }
    return this.#tail?.read(limits) ?? this.#readFiles(limits)
  }

  async offsetForTimestamp(timestamp: number, end: Offset): Promise<FoundTimestamp | null> {
    this.#requireExisting()
    const found = await this.#guarded(async () => {
      const { fileEnd } = this.#files
      const from = this.#logStartOffset
      const segments = this.#files.segmentsFrom(from, this.#epochs)
      return (
        (await findTimestampInSegments(this.#context, segments, timestamp, from)) ??
        findTimestampInRuns(this.#tail, timestamp, Math.max(from, fileEnd) as Offset)
      )
    })
    return found !== null && found.offset < end ? found : null
  }

  endOffsetForEpoch(epoch: LeaderEpoch): { epoch: LeaderEpoch; end: Offset } | null {
    return this.#epochs.endOffsetFor(epoch, this.#appendedEnd)
  }

  async startEpoch(epoch: LeaderEpoch): Promise<void> {
    this.#requireExisting()
    if (epoch < this.#epochs.latest) {
      throw new BusError('FENCED_LEADER_EPOCH', 'A newer leader has written to this partition.')
    }
    const { incarnation } = this
    const offset = this.#appendedEnd
    const cycle = this.#context.ring.enter({ type: 'epochStart', incarnation, epoch, offset })
    this.#epochs.begin(epoch, offset)
    this.#join(cycle)
    await cycle.durable
  }

  advanceHighWatermark(offset: Offset): void {
    const next = Math.min(offset, this.#appendedEnd) as Offset
    if (next > this.#highWatermark) this.#highWatermark = next
  }

  async advanceLogStart(offset: Offset): Promise<void> {
    this.#requireExisting()
    if (offset > this.#highWatermark) throw this.#outOfRange(offset)
    if (offset <= this.#logStartOffset) return
    const { incarnation } = this
    const cycle = this.#context.ring.enter({ type: 'logStart', incarnation, offset })
    this.applyLogStart(offset)
    this.#join(cycle)
    await cycle.durable
    await this.#exclusively(() => this.#removeTrimmed())
  }

  async truncateTo(offset: Offset): Promise<void> {
    this.#requireExisting()
    if (this.#changingCycle !== NEVER) throw new BusError('BUSY', 'The log is being truncated.')
    if (offset >= this.#appendedEnd) return
    if (offset < this.#logStartOffset) throw this.#outOfRange(offset)
    // Blocks appends before the boundary is known: it may have to be read from a file.
    this.#changingCycle = NEVER - 1
    try {
      const end = await this.#boundaryOf(offset)
      const { incarnation } = this
      const cycle = this.#context.ring.enter({ type: 'truncate', incarnation, offset: end })
      this.#changingCycle = cycle.number
      this.#join(cycle)
      await cycle.durable
      await this.#exclusively(() => {
        this.applyTruncation(end, cycle.number)
        return this.#cutFiles()
      })
    } finally {
      this.#changingCycle = NEVER
    }
  }

  /** Enters the deletion; the files go with the next checkpoint. */
  async delete(): Promise<void> {
    this.#requireExisting()
    this.#state = 'deleting'
    const cycle = this.#context.ring.enter({ type: 'delete', incarnation: this.incarnation })
    this.#changingCycle = cycle.number
    this.#join(cycle)
    await cycle.durable
    this.applyDeletion()
  }

  /** Enters the creation of this log. */
  async create(): Promise<void> {
    const { topicId, partition, incarnation } = this
    const cycle = this.#context.ring.enter({ type: 'create', incarnation, topicId, partition })
    this.#join(cycle)
    await cycle.durable
  }

  onDurable(cycle: number): void {
    const end = this.#tail?.endOfCycle(cycle) ?? null
    if (end === null || end <= this.#durableEnd) return
    this.#durableEnd = end
    this.observer?.durableEndAdvanced()
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

  /**
   * After replay: the files become what the log is. They may be cut already, below what the ring
   * first says of them and even written anew behind that, so only the lowest cut is looked for.
   */
  async finishReplay(): Promise<void> {
    if (this.#state === 'deleted') return
    await this.#cutFiles()
    await this.#removeTrimmed()
  }

  /** Rolls the active segment when it is old; the next checkpoint says so. */
  rollByAge(now: number): void {
    const { active } = this.#files
    if (active === null || now - active.firstAppendMs < this.#config.segmentMs) return
    if (this.#work !== null || this.#state !== 'open') return
    this.#files.sealActive()
  }

  /** Replay: batches that stand in the ring behind what the log has. */
  applyAppend(batches: Buffer, cycle: number): void {
    const first = new RecordBatch(batches)
    assert(first.baseOffset === this.#appendedEnd, 'the ring has a gap')
    const run: BatchRun = {
      memory: batches,
      start: 0,
      end: batches.length,
      baseOffset: first.baseOffset,
      nextOffset: first.baseOffset,
      maxTimestamp: -1,
      cycle,
    }
    for (let at = 0; at < batches.length; ) {
      const batch = new RecordBatch(batches, at)
      this.#epochs.begin(batch.partitionLeaderEpoch, batch.baseOffset)
      run.maxTimestamp = Math.max(run.maxTimestamp, batch.maxTimestamp)
      run.nextOffset = batch.nextOffset
      at += batch.size
    }
    this.#addRun(run)
    this.#durableEnd = this.#appendedEnd
    this.#joinedCycle = cycle
  }

  applyEpochStart(epoch: LeaderEpoch, offset: Offset): void {
    this.#epochs.begin(epoch, offset)
  }

  applyLogStart(offset: Offset): void {
    if (offset <= this.#logStartOffset) return
    this.#logStartOffset = offset
    if (this.#highWatermark < offset) this.#highWatermark = offset
  }

  /** Cuts the log in memory at `end`, the base offset of a batch. The files follow. */
  applyTruncation(end: Offset, cycle: number): void {
    this.#truncations += 1
    this.#truncatedCycle = cycle
    this.#joinedCycle = Math.max(this.#joinedCycle, cycle)
    this.#tail?.truncateTo(end)
    this.#epochs.truncateTo(end)
    this.#appendedEnd = end
    this.#durableEnd = Math.min(this.#durableEnd, end) as Offset
    this.#highWatermark = Math.min(this.#highWatermark, end) as Offset
    // The batch at the log start may have gone whole.
    this.#logStartOffset = Math.min(this.#logStartOffset, end) as Offset
    if (end < this.#fileCut) this.#fileCut = end
  }

  applyDeletion(): void {
    this.#state = 'deleted'
    this.#changingCycle = NEVER
    this.#tail = null
    this.observer = null
  }

  async #checkpointNow(bytesMax: number): Promise<CheckpointOutcome> {
    if (this.#state === 'deleted') {
      await this.#files.remove()
      return { log: this, state: null, dirtyFrom: null, bytes: 0 }
    }
    const { ring, tailCache } = this.#context
    const cycleMax = Math.min(ring.durableCycle, this.#changingCycle - 1)
    const tail = this.#tail
    const runs = tail?.pendingRuns(this.#truncatedCycle, cycleMax, bytesMax) ?? []
    await this.#files.write(runs, this.#config)
    tail?.written(runs.length)
    if (tail !== null) for (const run of runs) tailCache.add(tail, run)
    const next = tail?.firstPendingCycle ?? null
    const appliedCycle = next === null || next > cycleMax ? cycleMax : next - 1
    const isClean = this.#joinedCycle <= appliedCycle
    if (tail?.isEmpty) this.#tail = null
    return {
      log: this,
      state: this.#checkpointState(appliedCycle),
      dirtyFrom: isClean ? null : appliedCycle + 1,
      bytes: runs.reduce((sum, run) => sum + run.end - run.start, 0),
    }
  }

  #checkpointState(appliedCycle: number): PartitionCheckpoint {
    const files = this.#files.state
    return {
      incarnation: this.incarnation,
      topicId: this.topicId,
      partition: this.partition,
      appliedCycle,
      logStartOffset: Math.min(this.#logStartOffset, files.fileEnd) as Offset,
      highWatermark: Math.min(this.#highWatermark, files.fileEnd) as Offset,
      files,
      epochs: this.#epochs.startsUpTo(files.fileEnd),
    }
  }

  #addRun(run: BatchRun): void {
    this.#tail ??= new Tail()
    this.#tail.add(run)
    this.#appendedEnd = run.nextOffset
  }

  #join(cycle: RingCycle): void {
    if (this.#joinedCycle === cycle.number) return
    this.#joinedCycle = cycle.number
    cycle.addParticipant(this)
    this.#context.markDirty(this, cycle.number)
  }

  async #readFiles(request: ReadRequest): Promise<ReadResult> {
    return await this.#guarded(() => {
      this.#requireInRange(request.offset)
      const fromTail = this.#tail?.read(request)
      if (fromTail) return Promise.resolve(fromTail)
      return readFiles(this.#context, this.#files, this.#epochs, request)
    })
  }

  /** Files may be cut or removed while somebody reads them: then what it found says nothing. */
  async #guarded<Result>(action: () => Promise<Result>): Promise<Result> {
    for (;;) {
      this.#requireExisting()
      const truncations = this.#truncations
      const logStart = this.#logStartOffset
      const isUnchanged = () =>
        truncations === this.#truncations &&
        logStart === this.#logStartOffset &&
        this.#state === 'open'
      try {
        const result = await action()
        if (isUnchanged()) return result
      } catch (error) {
        if (isUnchanged()) throw this.#readError(error)
      }
    }
  }

  #readError(error: unknown): BusError {
    if (!(error instanceof BusError)) {
      return new BusError('STORAGE_OFFLINE', 'The disk of the broker cannot be read.', {
        cause: error,
      })
    }
    if (error.code === 'STORAGE_CORRUPT') this.#isCorrupt = true
    return error
  }

  async #boundaryOf(offset: Offset): Promise<Offset> {
    const inMemory = this.#tail?.boundaryOf(offset)
    if (inMemory !== undefined && inMemory !== null) return inMemory
    const [segment] = this.#files.segmentsFrom(offset, this.#epochs)
    assert(segment !== undefined, 'every offset is in memory or in a file')
    return (await this.#guarded(() => batchOf(this.#context, segment, offset))).offset
  }

  /** Epochs of trimmed records stay while a segment has some: reads check headers on their way. */
  async #removeTrimmed(): Promise<void> {
    await this.#files.removeBelow(this.#logStartOffset)
    this.#epochs.trimTo(Math.min(this.#files.startOffset, this.#logStartOffset) as Offset)
  }

  async #cutFiles(): Promise<void> {
    const end = this.#fileCut as Offset
    this.#fileCut = NEVER
    if (end >= this.#files.fileEnd) return
    const [segment] = end === 0 ? [] : this.#files.segmentsFrom((end - 1) as Offset, this.#epochs)
    // Trimmed segments may be gone: nothing that is left of them is part of the log.
    const isTrimmed = end <= this.#logStartOffset
    if (isTrimmed || segment === undefined || segment.baseOffset >= end) {
      return await this.#files.clear(end)
    }
    const onDisk = await this.#context.files.use(segment.path, 'write', (file) => file.size())
    const size = Math.min(onDisk, segment.size)
    const last = await batchOf(this.#context, { ...segment, size }, (end - 1) as Offset)
    await this.#files.truncateTo(end, last.position + last.size, last.indexEntries)
  }

  async #exclusively(action: () => Promise<void>): Promise<void> {
    while (this.#work !== null) await this.#work
    const work = action()
    this.#work = work.then(
      () => undefined,
      () => undefined,
    )
    try {
      await work
    } catch (error) {
      this.#context.fail(error)
      throw error
    } finally {
      this.#work = null
    }
  }

  #requireExisting(): void {
    if (this.#state === 'open') return
    throw new BusError('PARTITION_NOT_FOUND', 'This partition has been deleted.')
  }

  #requireInRange(offset: Offset): void {
    if (offset < this.#logStartOffset || offset > this.#appendedEnd) throw this.#outOfRange(offset)
  }

  #outOfRange(offset: Offset): BusError {
    const { logStartOffset, highWatermark } = this
    return new BusError(
      'OFFSET_OUT_OF_RANGE',
      `Offset ${offset} is outside the log, which has [${logStartOffset}, ${highWatermark}).`,
      { extra: { logStartOffset, highWatermark } },
    )
  }
}

function requireWholeBatches(batches: Buffer): void {
  let at = 0
  while (at < batches.length) at += batchSizeAt(batches, at) ?? BATCH_HEADER_BYTES
  assert(at === batches.length && at > 0, 'an append of whole batches')
}

/** Gives the batches of a run their offsets and epoch, and the run its end. */
function stamp(run: BatchRun, leaderEpoch: LeaderEpoch, logAppendTimeMs: number | undefined): void {
  for (let at = run.start; at < run.end; ) {
    const batch = new RecordBatch(run.memory, at)
    batch.stampBaseOffset(run.nextOffset)
    batch.stampLeaderEpoch(leaderEpoch)
    if (logAppendTimeMs !== undefined) batch.stampLogAppendTime(logAppendTimeMs)
    run.nextOffset = batch.nextOffset
    run.maxTimestamp = Math.max(run.maxTimestamp, batch.maxTimestamp)
    at += batch.size
  }
}

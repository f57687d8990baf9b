import { assert, type LeaderEpoch, type Offset } from '@courant/kernel'
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
import type { EnteredLog } from './entered-log.ts'
import { checkpointOf, cutFiles, removeTrimmed, writeBack } from './file-changes.ts'
import { FileWork } from './file-work.ts'
import { append, replicate } from './log-appends.ts'
import { LogRemovals } from './log-removals.ts'
import { LogState } from './log-state.ts'
import { findTimestamp, readFromFiles, scrubFiles } from './partition-reads.ts'
import type { TailCache } from './tail-cache.ts'

/** What the logs of a directory share. */
export interface LogContext extends FileContext {
  readonly ring: Ring
  readonly tailCache: TailCache
  /** Throws STORAGE_FULL, or SHUTTING_DOWN. */
  admit(bytes: number): void
  /** A cycle holds entries of this log that no checkpoint has. */
  markDirty(log: DiskPartitionLog, cycle: number): void
  /** A reader wants what memory does not hold. */
  noteFileRead(): void
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

/**
 * The log of one partition over the ring, its pending tail and its segment files: what may be asked
 * of it when, what is entered in the ring, and in which order the files follow.
 */
export class DiskPartitionLog implements PartitionLog, CycleParticipant, EnteredLog {
  readonly topicId: PartitionLog['topicId']
  readonly partition: PartitionLog['partition']
  readonly incarnation: number
  readonly context: LogContext
  readonly state: LogState
  readonly files: PartitionFiles
  observer: LogObserver | null = null
  #config: LogConfig = UNCONFIGURED
  readonly #work: FileWork
  readonly #removals: LogRemovals

  constructor(context: LogContext, directory: string, checkpoint: PartitionCheckpoint) {
    this.context = context
    this.topicId = checkpoint.topicId
    this.partition = checkpoint.partition
    this.incarnation = checkpoint.incarnation
    this.state = new LogState(checkpoint)
    this.files = new PartitionFiles(context, directory, checkpoint.files)
    this.#work = new FileWork(context)
    this.#removals = new LogRemovals(this, this.#work)
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

  append(request: AppendRequest): AppendResult {
    this.#removals.requireSteady()
    return append(this, request)
  }

  replicate(batches: Buffer): AppendResult {
    this.#removals.requireSteady()
    return replicate(this, batches)
  }

  read(request: ReadRequest): ReadResult | Promise<ReadResult> {
    const { state } = this
    state.requireExisting()
    state.requireInRange(request.offset)
    const end = Math.min(request.end, state.appendedEnd) as Offset
    if (request.offset >= end) return { ...NOTHING_READ, nextOffset: request.offset }
    const inMemory = state.tail?.read({ ...request, end })
    if (inMemory) return inMemory
    this.context.noteFileRead()
    return readFromFiles(this, request)
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
    this.#removals.requireSteady()
    state.requireEpoch(epoch)
    const offset = state.appendedEnd
    const cycle = this.context.ring.enter({ type: 'epochStart', incarnation, epoch, offset })
    state.epochs.begin(epoch, offset)
    this.join(cycle)
    await cycle.durable
  }

  advanceHighWatermark(offset: Offset): void {
    const { state } = this
    const next = Math.min(offset, state.appendedEnd) as Offset
    if (next > state.highWatermark) state.highWatermark = next
  }

  async advanceLogStart(offset: Offset): Promise<void> {
    const { state, incarnation } = this
    this.#removals.requireSteady()
    if (offset > state.highWatermark) throw state.outOfRange(offset)
    if (offset <= state.logStartOffset) return
    const cycle = this.context.ring.enter({ type: 'logStart', incarnation, offset })
    state.trimTo(offset)
    this.join(cycle)
    const { truncations } = state
    await cycle.durable
    // A truncation since then has had its own say on where the log starts.
    if (truncations === state.truncations) state.noteDurableLogStart(offset)
    await this.#work.exclusively(() => removeTrimmed(this))
  }

  truncateTo(offset: Offset): Promise<void> {
    return this.#removals.truncateTo(offset)
  }

  restartAt(offset: Offset): Promise<void> {
    return this.#removals.restartAt(offset)
  }

  async delete(): Promise<void> {
    await this.#removals.delete()
    this.observer = null
  }

  /** Enters the creation of this log. */
  async create(): Promise<void> {
    const { topicId, partition, incarnation } = this
    const cycle = this.context.ring.enter({ type: 'create', incarnation, topicId, partition })
    this.join(cycle)
    await cycle.durable
  }

  onDurable(cycle: number): void {
    if (this.state.becomeDurable(cycle)) this.observer?.durableEndAdvanced()
  }

  /** Writes pending batches to the segment files and tells what a checkpoint may say then. */
  async checkpoint(bytesMax: number): Promise<CheckpointOutcome> {
    let outcome: CheckpointOutcome | null = null
    await this.#work.exclusively(async () => {
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

  /** Reads files on from `offset` for damage; null where there is nothing more to look at. */
  async scrub(
    offset: Offset,
    maxBytes: number,
  ): Promise<Pick<ReadResult, 'nextOffset' | 'size'> | null> {
    if (!this.#work.isIdle || this.state.status !== 'open') return null
    let read: Pick<ReadResult, 'nextOffset' | 'size'> | null = null
    const reading = this.#work.exclusively(async () => {
      read = await scrubFiles(this, offset, maxBytes)
    })
    // The directory is offline: nothing of it is looked at any more.
    await reading.catch(() => undefined)
    return read
  }

  /** Rolls the active segment when it is old; the next checkpoint says so. */
  rollByAge(now: number): void {
    const { active } = this.files
    if (active === null || now - active.firstAppendMs < this.#config.segmentMs) return
    if (this.#work.isIdle && this.state.status === 'open') this.files.sealActive()
  }

  async #checkpointNow(bytesMax: number): Promise<CheckpointOutcome> {
    if (this.state.isDeleted) return await this.#checkpointDeleted()
    const { ring, tailCache } = this.context
    const cycleMax = Math.min(ring.durableCycle, this.#removals.cycleBefore)
    const written = await writeBack(this, { cycleMax, bytesMax }, this.#config, tailCache)
    // Meanwhile: memory no longer has what a checkpoint of before that would have to say.
    if (this.state.isDeleted) return await this.#checkpointDeleted()
    const state = checkpointOf(this, this, written.appliedCycle)
    return { log: this, state, ...written }
  }

  async #checkpointDeleted(): Promise<CheckpointOutcome> {
    await this.files.remove()
    return { log: this, state: null, appliedCycle: this.state.joinedCycle, bytes: 0 }
  }

  join(cycle: RingCycle): void {
    if (this.state.joinedCycle === cycle.number) return
    this.state.joinedCycle = cycle.number
    cycle.addParticipant(this)
    this.context.markDirty(this, cycle.number)
  }
}

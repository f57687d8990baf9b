import { assert, type Clock, type Offset } from '@courant/kernel'
import type { FileCache } from '../disk/file-cache.ts'
import type { MemoryPool } from '../memory/memory-pool.ts'
import type { BatchRun } from '../partition/batch-run.ts'
import type { LeaderEpochCache } from '../partition/leader-epoch-cache.ts'
import type { LogConfig } from '../partition-log.ts'
import { type Storage, StorageMissingError } from '../storage.ts'
import type { IndexCache, IndexedSegment } from './index-cache.ts'
import {
  type ActiveSegment,
  baseOffsetOf,
  indexPath,
  PARTITIONS_DIRECTORY,
  type SealedSegment,
  seal,
  segmentPath,
} from './segment.ts'
import { planSegmentWrites, writeSegment } from './segment-writer.ts'

/** What the partitions of a data directory share. */
export interface FileContext {
  readonly storage: Storage
  readonly clock: Clock
  readonly files: FileCache
  readonly indexes: IndexCache
  readonly memory: MemoryPool
}

/** What a checkpoint says of a partition's files. */
export interface FilesState {
  readonly fileEnd: Offset
  readonly sealed: readonly SealedSegment[]
  readonly active: ActiveSegment | null
}

/**
 * The segment files of one partition: [first base offset, `fileEnd`) of its log. The caller makes
 * sure that one change is under way at a time; readers may come at any time.
 */
export class PartitionFiles {
  readonly directory: string
  readonly #context: FileContext
  #sealed: readonly SealedSegment[]
  #active: ActiveSegment | null
  #fileEnd: Offset
  /** The directory exists, and holds nothing that a crash left. */
  #isPrepared = false

  constructor(context: FileContext, directory: string, state: FilesState) {
    this.#context = context
    this.directory = directory
    this.#sealed = state.sealed
    this.#active = state.active
    this.#fileEnd = state.fileEnd
  }

  /** The offset behind the last batch in a file. */
  get fileEnd(): Offset {
    return this.#fileEnd
  }

  /** The offset of the first batch in a file. */
  get startOffset(): Offset {
    return this.#all[0]?.baseOffset ?? this.#fileEnd
  }

  get sealed(): readonly SealedSegment[] {
    return this.#sealed
  }

  get active(): ActiveSegment | null {
    return this.#active
  }

  get sizeBytes(): number {
    return this.#sealed.reduce((sum, { size }) => sum + size, this.#active?.size ?? 0)
  }

  get state(): FilesState {
    const active = this.#active === null ? null : { ...this.#active }
    return { fileEnd: this.#fileEnd, sealed: this.#sealed, active }
  }

  /** Writes batches behind `fileEnd` and syncs them. */
  async write(runs: readonly BatchRun[], config: LogConfig): Promise<void> {
    const first = runs[0]
    const last = runs[runs.length - 1]
    if (first === undefined || last === undefined) return
    assert(first.baseOffset === this.#fileEnd, 'segments have no gap')
    const { storage, clock, files } = this.#context
    const writes = planSegmentWrites(this.#active, runs, config, clock.now())
    await this.#prepare()
    for (const write of writes) await writeSegment(files, this.directory, write)
    if (writes.some((write) => write.position === 0)) await storage.syncDirectory(this.directory)
    const segments = writes.map((write) => write.segment)
    this.#sealed = [...this.#sealed, ...this.#sealedBy(segments)]
    this.#active = segments[segments.length - 1] ?? this.#active
    this.#fileEnd = last.nextOffset
  }

  /** Seals the active segment; the next batch begins a new one. It is synced already. */
  sealActive(): void {
    if (this.#active === null || this.#active.size === 0) return
    this.#sealed = [...this.#sealed, seal(this.#active)]
    this.#active = null
  }

  /** The segments that hold `offset` or anything behind it, the oldest first. */
  segmentsFrom(offset: Offset, epochs: LeaderEpochCache): (IndexedSegment & Aged)[] {
    const all = this.#all
    const first = Math.max(
      0,
      all.findLastIndex((segment) => segment.baseOffset <= offset),
    )
    return all.slice(first).map((segment, index) => ({
      path: segmentPath(this.directory, segment.baseOffset),
      indexPath: indexPath(this.directory, segment.baseOffset),
      baseOffset: segment.baseOffset,
      size: segment.size,
      endOffset: this.#endOf(first + index),
      indexEntries: segment.indexEntries,
      maxTimestamp: segment.maxTimestamp,
      epochs,
    }))
  }

  /** Removes segments that lie wholly below `logStart`, the active one too. */
  async removeBelow(logStart: Offset): Promise<void> {
    if (this.#fileEnd <= logStart) this.sealActive()
    const kept = this.#sealed.findIndex((_, index) => this.#endOf(index) > logStart)
    const removed = this.#sealed.slice(0, kept === -1 ? this.#sealed.length : kept)
    if (removed.length === 0) return
    this.#sealed = this.#sealed.slice(removed.length)
    await this.#removeSegments(removed)
  }

  /** Cuts the log at `end`, the base offset of a batch; `position` is where its segment has it. */
  async truncateTo(end: Offset, position: number, indexEntries: number): Promise<void> {
    const all = this.#all
    const removed = all.filter((segment) => segment.baseOffset >= end)
    const kept = all.filter((segment) => segment.baseOffset < end)
    const last = kept[kept.length - 1]
    this.#fileEnd = end
    this.#sealed = kept.slice(0, -1).map((segment) => toSealed(segment))
    this.#active = last === undefined ? null : reopened(last, position, indexEntries)
    await this.#removeSegments(removed)
    if (last !== undefined) await this.#cut(last.baseOffset, position)
  }

  /**
   * Ends the files at `end` where the segment before it is damaged and cannot be cut there: it
   * stays as it is, reads of it stop at `end`, and the next batch begins a new segment.
   */
  async quarantine(end: Offset): Promise<void> {
    const all = this.#all
    const removed = all.filter((segment) => segment.baseOffset >= end)
    this.#sealed = all.slice(0, all.length - removed.length).map((segment) => toSealed(segment))
    this.#active = null
    this.#fileEnd = end
    await this.#removeSegments(removed)
  }

  /** Bytes of a segment file, which may be fewer than the log had there before a crash. */
  async bytesOnDisk(baseOffset: Offset): Promise<number> {
    const path = segmentPath(this.directory, baseOffset)
    try {
      return await this.#context.files.use(path, 'write', (file) => file.size())
    } catch (error) {
      if (error instanceof StorageMissingError) return 0
      throw error
    }
  }

  /** Removes all segments; the log goes on at `end`. */
  async clear(end: Offset): Promise<void> {
    const removed = this.#all
    this.#sealed = []
    this.#active = null
    this.#fileEnd = end
    await this.#removeSegments(removed)
  }

  async remove(): Promise<void> {
    const { files, storage } = this.#context
    for (const { baseOffset } of this.#all) {
      await files.forget(segmentPath(this.directory, baseOffset))
      await files.forget(indexPath(this.directory, baseOffset))
    }
    await storage.removeDirectory(this.directory)
    await storage.syncDirectory(PARTITIONS_DIRECTORY)
  }

  get #all(): readonly (SealedSegment | ActiveSegment)[] {
    return this.#active === null ? this.#sealed : [...this.#sealed, this.#active]
  }

  /** What the segments of a write seal: all but the last, which is active now. */
  #sealedBy(segments: readonly ActiveSegment[]): SealedSegment[] {
    return segments.slice(0, -1).map((segment) => seal(segment))
  }

  /** The end of a segment: where the next one begins. */
  #endOf(index: number): Offset {
    return this.#all[index + 1]?.baseOffset ?? this.#fileEnd
  }

  /**
   * Before the first write of a run. A crash may have left segments of which no checkpoint tells.
   */
  async #prepare(): Promise<void> {
    if (this.#isPrepared) return
    const { storage } = this.#context
    await storage.makeDirectory(this.directory)
    await storage.syncDirectory(PARTITIONS_DIRECTORY)
    const known = new Set(this.#all.map(({ baseOffset }) => baseOffset))
    const strangers = (await storage.list(this.directory))
      .map((name) => baseOffsetOf(name))
      .filter((baseOffset) => baseOffset !== null)
      .filter((baseOffset) => !known.has(baseOffset))
    await this.#removeSegments(strangers.map((baseOffset) => ({ baseOffset })))
    this.#isPrepared = true
  }

  /** Synced, so that no crash brings the names back: nobody would remove them again. */
  async #removeSegments(removed: readonly { readonly baseOffset: Offset }[]): Promise<void> {
    if (removed.length === 0) return
    const { files, storage } = this.#context
    for (const { baseOffset } of removed) {
      for (const pathOf of [segmentPath, indexPath]) {
        const path = pathOf(this.directory, baseOffset)
        await files.forget(path)
        await storage.remove(path)
      }
    }
    await storage.syncDirectory(this.directory)
  }

  async #cut(baseOffset: Offset, position: number): Promise<void> {
    this.#context.indexes.forget(segmentPath(this.directory, baseOffset))
    await this.#context.files.use(
      segmentPath(this.directory, baseOffset),
      'write',
      async (file) => {
        await file.truncate(position)
        await file.sync()
      },
    )
  }
}

/** What the search for a timestamp asks of a segment. */
interface Aged {
  readonly maxTimestamp: number
}

function toSealed(segment: SealedSegment | ActiveSegment): SealedSegment {
  return 'firstAppendMs' in segment ? seal(segment) : segment
}

/** A segment that was cut is active again. Its times stay: they only ever bound an age. */
function reopened(
  segment: SealedSegment | ActiveSegment,
  size: number,
  indexEntries: number,
): ActiveSegment {
  return {
    baseOffset: segment.baseOffset,
    size,
    indexEntries,
    indexedTo: size,
    maxTimestamp: segment.maxTimestamp,
    firstAppendMs: 'firstAppendMs' in segment ? segment.firstAppendMs : segment.lastAppendMs,
    lastAppendMs: segment.lastAppendMs,
  }
}

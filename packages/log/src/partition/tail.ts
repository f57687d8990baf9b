import { assert, type Offset } from '@courant/kernel'
import { type RecordBatch, recordBatches } from '@courant/record-batch'
import { releaseOnce, type Slab } from '../memory/memory-pool.ts'
import type { ReadResult } from '../partition-log.ts'
import { type BatchRun, cutBatches, type ReadLimits } from './batch-run.ts'

/**
 * The newest batches of a partition, in memory and without a gap: first those that are on file too
 * (the tail cache, evictable from the front), then the pending ones, which the ring alone has.
 */
export class Tail {
  #runs: BatchRun[] = []
  /** Runs before this index were evicted. */
  #first = 0
  /** Runs before this index are on file. */
  #pending = 0

  get isEmpty(): boolean {
    return this.#first === this.#runs.length
  }

  get hasPending(): boolean {
    return this.#pending < this.#runs.length
  }

  /** The first offset in memory, or null when there is none. */
  get start(): Offset | null {
    return this.#runs[this.#first]?.baseOffset ?? null
  }

  get last(): BatchRun | null {
    return this.isEmpty ? null : (this.#runs[this.#runs.length - 1] ?? null)
  }

  get pendingBytes(): number {
    let bytes = 0
    for (let index = this.#pending; index < this.#runs.length; index += 1) {
      const run = this.#runs[index]
      if (run !== undefined) bytes += run.end - run.start
    }
    return bytes
  }

  /** Batches that go on where the tail ends. Adjacent ones of one cycle become one run. */
  add(run: BatchRun): void {
    const { last } = this
    assert(last === null || last.nextOffset === run.baseOffset, 'a gap in the tail')
    const isAdjacent =
      last !== null &&
      last.cycle === run.cycle &&
      last.memory === run.memory &&
      last.end === run.start
    if (!isAdjacent) {
      run.slab?.hold()
      this.#runs.push(run)
      return
    }
    last.end = run.end
    last.nextOffset = run.nextOffset
    last.maxTimestamp = Math.max(last.maxTimestamp, run.maxTimestamp)
  }

  /** All that the ring alone has. */
  allPending(): readonly BatchRun[] {
    return this.#runs.slice(this.#pending)
  }

  /** The first ring cycle that a checkpoint has yet to save, or null. */
  get firstPendingCycle(): number | null {
    return this.#runs[this.#pending]?.cycle ?? null
  }

  /** The offset behind the last batch entered up to `cycle`, or null when none is pending. */
  endOfCycle(cycle: number): Offset | null {
    let end: Offset | null = null
    for (let index = this.#runs.length - 1; index >= this.#pending; index -= 1) {
      const run = this.#runs[index]
      if (run === undefined || run.cycle > cycle) continue
      end = run.nextOffset
      break
    }
    return end
  }

  /**
   * Pending runs up to `cycleMax`, whole cycles only: all up to `cycleMin`, and more until
   * `bytesMax` is reached.
   */
  pendingRuns(cycleMin: number, cycleMax: number, bytesMax: number): BatchRun[] {
    const taken: BatchRun[] = []
    let bytes = 0
    let lastCycle = cycleMin
    for (let index = this.#pending; index < this.#runs.length; index += 1) {
      const run = this.#runs[index]
      if (run === undefined || run.cycle > cycleMax) break
      if (bytes >= bytesMax && run.cycle > lastCycle) break
      taken.push(run)
      bytes += run.end - run.start
      lastCycle = Math.max(lastCycle, run.cycle)
    }
    return taken
  }

  /** The first `count` pending runs are on file now. */
  written(count: number): void {
    this.#pending += count
  }

  /**
   * Lets go of the first run, if it is this one and on file. Only here is memory given back: what a
   * truncation or a deletion drops may be on its way to a file.
   */
  evict(run: BatchRun): void {
    if (this.#runs[this.#first] !== run || this.#first >= this.#pending) return
    this.#first += 1
    run.slab?.release()
    if (this.#first > 64 && this.#first * 2 > this.#runs.length) this.#compact()
  }

  /** Batches from memory; null when the offset is older than what is here. */
  read(limits: ReadLimits): ReadResult | null {
    const start = this.start
    if (start === null || limits.offset < start) return null
    const chunks: Buffer[] = []
    const slabs: Slab[] = []
    let size = 0
    let nextOffset = limits.offset
    for (let index = this.#find(limits.offset); index < this.#runs.length; index += 1) {
      const run = this.#runs[index]
      if (run === undefined || run.baseOffset >= limits.end) break
      const cut = cutBatches(
        run.memory,
        run.start,
        run.end,
        { ...limits, offset: nextOffset },
        size,
      )
      if (cut.end === cut.start) break
      chunks.push(run.memory.subarray(cut.start, cut.end))
      if (run.slab !== null && run.slab !== slabs[slabs.length - 1]) {
        run.slab.hold()
        slabs.push(run.slab)
      }
      size += cut.end - cut.start
      nextOffset = cut.nextOffset
      if (nextOffset < run.nextOffset) break
    }
    return { chunks, size, nextOffset, release: releaseOnce(slabs) }
  }

  /** The base offset of the batch that holds `offset`, or null when it is not in memory. */
  boundaryOf(offset: Offset): Offset | null {
    return this.find(offset)?.batch.baseOffset ?? null
  }

  /** The batch that holds `offset` and the run that it lies in, or null when not in memory. */
  find(offset: Offset): { readonly batch: RecordBatch; readonly run: BatchRun } | null {
    const start = this.start
    const run = start === null || offset < start ? undefined : this.#runs[this.#find(offset)]
    if (run === undefined) return null
    for (const batch of recordBatches(run.memory, run.start, run.end)) {
      if (batch.nextOffset > offset) return { batch, run }
    }
    return null
  }

  /** Forgets everything from `end` on, which is the base offset of a batch. */
  truncateTo(end: Offset): void {
    let count = this.#runs.length
    for (; count > this.#first; count -= 1) {
      const run = this.#runs[count - 1]
      if (run === undefined || run.baseOffset < end) break
    }
    const kept = this.#runs.slice(this.#first, count)
    const pending = Math.max(0, Math.min(this.#pending, count) - this.#first)
    const last = kept[kept.length - 1]
    if (last !== undefined && last.nextOffset > end) cutRun(last, end)
    this.#runs = kept
    this.#first = 0
    this.#pending = pending
  }

  /** Runs in memory that hold `offset` or anything behind it. */
  *runsFrom(offset: Offset): Generator<BatchRun, void, undefined> {
    const start = this.start
    if (start === null) return
    for (let index = this.#find(offset); index < this.#runs.length; index += 1) {
      const run = this.#runs[index]
      if (run !== undefined) yield run
    }
  }

  #find(offset: Offset): number {
    let low = this.#first
    let high = this.#runs.length
    while (low < high) {
      const middle = (low + high) >>> 1
      const run = this.#runs[middle]
      if (run !== undefined && run.nextOffset <= offset) low = middle + 1
      else high = middle
    }
    return low
  }

  #compact(): void {
    this.#runs = this.#runs.slice(this.#first)
    this.#pending -= this.#first
    this.#first = 0
  }
}

/** In place: the tail cache knows the run by its identity. */
function cutRun(run: BatchRun, end: Offset): void {
  let bytesEnd = run.start
  for (const batch of recordBatches(run.memory, run.start, run.end)) {
    if (batch.baseOffset >= end) break
    bytesEnd = batch.position + batch.size
  }
  run.end = bytesEnd
  run.nextOffset = end
}

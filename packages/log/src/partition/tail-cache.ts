import type { BatchRun } from './batch-run.ts'
import type { Tail } from './tail.ts'

/**
 * The byte budget of batches that are on file but still in memory, shared by all partitions: who
 * reads at the end of a log reads what was written last. First in, first out, because slabs are
 * freed whole: batches that were written together leave together.
 */
export class TailCache {
  readonly #bytesMax: number
  #queue: { readonly tail: Tail; readonly run: BatchRun; readonly bytes: number }[] = []
  #first = 0
  #bytes = 0

  constructor(bytesMax: number) {
    this.#bytesMax = bytesMax
  }

  get bytes(): number {
    return this.#bytes
  }

  /** Takes a run that has become evictable, and evicts others for it. */
  add(tail: Tail, run: BatchRun): void {
    const bytes = run.end - run.start
    this.#queue.push({ tail, run, bytes })
    this.#bytes += bytes
    while (this.#bytes > this.#bytesMax) this.#evictFirst()
  }

  #evictFirst(): void {
    const entry = this.#queue[this.#first]
    if (entry === undefined) return
    this.#first += 1
    this.#bytes -= entry.bytes
    // A truncated or deleted log has let go of it already.
    entry.tail.evict(entry.run)
    if (this.#first > 1024 && this.#first * 2 > this.#queue.length) {
      this.#queue = this.#queue.slice(this.#first)
      this.#first = 0
    }
  }
}

import type { MemoryPool, Slab } from './memory-pool.ts'

const SLAB_BYTES_MAX = 1024 * 1024

/**
 * Memory for cycles: slabs that consecutive cycles fill densely, because the pending tails of the
 * partitions are views of them, and a slab a cycle would pin a mebibyte for a record at low load.
 *
 * A slab is held by the allocator while it fills, by each cycle that lies in it until that is
 * durable, by each run of a tail, and by each read that has views of it.
 */
export class SlabAllocator {
  readonly #pool: MemoryPool
  readonly #slabBytes: number
  /** Where the last allocation lies. */
  slab: Slab
  #filling: Slab
  #used = 0

  /** Slabs are small in a small ring: what is in it must not be a fraction of what they pin. */
  constructor(pool: MemoryPool, ringBytes: number) {
    this.#pool = pool
    this.#slabBytes = Math.min(SLAB_BYTES_MAX, Math.floor(ringBytes / 8))
    this.#filling = pool.take(this.#slabBytes)
    this.slab = this.#filling
  }

  /** Uninitialised bytes of `slab`, which the caller is to hold; returns where they begin. */
  allocate(bytes: number): number {
    if (this.slab !== this.#filling) this.slab.release()
    if (bytes > this.#slabBytes / 2) {
      this.slab = this.#pool.take(bytes)
      return 0
    }
    if (this.#used + bytes > this.#slabBytes) {
      this.#filling.release()
      this.#filling = this.#pool.take(this.#slabBytes)
      this.#used = 0
    }
    this.slab = this.#filling
    const start = this.#used
    this.#used += bytes
    return start
  }

  /** Takes bytes behind those of the last answer, if they are free: that one is longer then. */
  grow(bytes: number): boolean {
    const end = this.#used + bytes
    if (this.slab !== this.#filling || end > this.#slabBytes || bytes > this.#slabBytes / 2) {
      return false
    }
    this.#used = end
    return true
  }
}

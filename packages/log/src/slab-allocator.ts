const SLAB_BYTES = 1024 * 1024

/**
 * Memory for cycles: slabs that consecutive cycles fill densely, because the pending tails of the
 * partitions are views of them, and a slab a cycle would pin a mebibyte for a record at low load.
 *
 * Slabs are left to the garbage collector and never reused by hand: a view may still wait in a
 * socket, and a reused slab would send one tenant the bytes of another.
 */
export class SlabAllocator {
  /** Where the last allocation lies. */
  memory: Buffer = Buffer.alloc(0)
  #slab: Buffer = this.memory
  #used = 0

  /** Uninitialised bytes of `memory`; returns where they begin. */
  allocate(bytes: number): number {
    if (bytes > SLAB_BYTES / 2) {
      this.memory = Buffer.allocUnsafeSlow(bytes)
      return 0
    }
    if (this.#used + bytes > this.#slab.length) {
      this.#slab = Buffer.allocUnsafeSlow(SLAB_BYTES)
      this.#used = 0
    }
    this.memory = this.#slab
    const start = this.#used
    this.#used += bytes
    return start
  }

  /** Whether `allocate` would return memory that goes on behind its last answer. */
  isAdjacent(bytes: number): boolean {
    return (
      this.memory === this.#slab &&
      bytes <= SLAB_BYTES / 2 &&
      this.#used + bytes <= this.#slab.length
    )
  }
}

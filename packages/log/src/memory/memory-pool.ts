import { assert } from '@courant/kernel'

/** Beyond a power of two: headers of the ring, and what an index leads up to a read. */
export const MARGIN_BYTES = 32 * 1024
const EXPONENT_MIN = 15
const EXPONENT_MAX = 24
/** Memory kept for later, of all sizes together. What nobody needs goes earlier, by `trim`. */
const FREE_BYTES_MAX = 256 * 1024 * 1024

/**
 * A piece of memory, and how many need it as it is. When the last one lets go it is written anew
 * for somebody else, so whoever cannot tell when its own use ends keeps its hold for ever: the
 * memory is then left to the garbage collector, which is slower and always right.
 */
export class Slab {
  readonly memory: Buffer
  readonly #pool: MemoryPool
  #holds = 1

  /** Held once, by whom it was made for. */
  constructor(pool: MemoryPool, memory: Buffer) {
    this.#pool = pool
    this.memory = memory
  }

  hold(): void {
    assert(this.#holds > 0, 'memory that was given back is nobody’s to hold')
    this.#holds += 1
  }

  release(): void {
    assert(this.#holds > 0, 'memory is given back once')
    this.#holds -= 1
    if (this.#holds === 0) this.#pool.put(this.memory)
  }
}

/** For a reader that holds these. To call it again changes nothing. */
export function releaseOnce(slabs: readonly Slab[]): () => void {
  let held = slabs
  return () => {
    for (const slab of held) slab.release()
    held = []
  }
}

/** Free pieces of one size. */
interface FreeList {
  readonly pieces: Buffer[]
  /** The fewest there were since the last `trim`: nobody has needed these. */
  fewest: number
}

/**
 * Memory of a data directory that is used again. Fresh memory costs a page fault for every 4 KiB
 * (1 to 4 µs on a virtual machine, more than copying or reading into it does), and the collector
 * runs for what lies outside its heap.
 */
export class MemoryPool {
  readonly #onReuse: (memory: Buffer) => void
  /** By exponent. */
  readonly #free: FreeList[] = []
  #freeBytes = 0

  /** `onReuse`: tests spoil memory that must not be looked at any more. */
  constructor(onReuse: (memory: Buffer) => void = () => undefined) {
    this.#onReuse = onReuse
    for (let exponent = 0; exponent <= EXPONENT_MAX; exponent += 1)
      this.#free.push({ pieces: [], fewest: 0 })
  }

  /** At least so many uninitialised bytes, held once. */
  take(bytes: number): Slab {
    const exponent = exponentFor(bytes)
    const free = this.#free[exponent]
    const piece = free?.pieces.pop()
    if (free === undefined || piece === undefined) {
      const size = exponent > EXPONENT_MAX ? bytes : MARGIN_BYTES + 2 ** exponent
      return new Slab(this, Buffer.allocUnsafeSlow(size))
    }
    free.fewest = Math.min(free.fewest, free.pieces.length)
    this.#freeBytes -= piece.length
    return new Slab(this, piece)
  }

  put(memory: Buffer): void {
    this.#onReuse(memory)
    const exponent = exponentFor(memory.length)
    if (exponent > EXPONENT_MAX || this.#freeBytes + memory.length > FREE_BYTES_MAX) return
    this.#freeBytes += memory.length
    this.#free[exponent]?.pieces.push(memory)
  }

  /** Leaves to the collector what has been free ever since the last call. */
  trim(): void {
    for (const free of this.#free) {
      for (const { length } of free.pieces.splice(0, free.fewest)) this.#freeBytes -= length
      free.fewest = free.pieces.length
    }
  }
}

function exponentFor(bytes: number): number {
  const exponent = Math.ceil(Math.log2(Math.max(1, bytes - MARGIN_BYTES)))
  return Math.max(EXPONENT_MIN, exponent)
}

const SIZE_MIN = 64 * 1024
const SIZE_MAX = 4 * 1024 * 1024
const POOLED_BYTES_MAX = 32 * 1024 * 1024

/**
 * Buffers for answers, lent again once they have been sent. A fresh buffer of some hundred KiB
 * costs a page fault for every 4 KiB of it, which is more than to copy a text into it.
 */
export class BufferPool {
  /** By size, which is a power of two. */
  readonly #free = new Map<number, Buffer[]>()
  #bytes = 0

  /** A buffer of at least `size` bytes with anything in it. */
  take(size: number): Buffer {
    if (size < SIZE_MIN / 2 || size > SIZE_MAX) return Buffer.allocUnsafeSlow(size)
    const rounded = roundedUp(size)
    const free = this.#free.get(rounded)?.pop()
    if (free === undefined) return Buffer.allocUnsafeSlow(rounded)
    this.#bytes -= rounded
    return free
  }

  /**
   * Gives back a whole buffer that nobody reads or writes any more. Others than the pool's are
   * ignored.
   */
  give(buffer: Buffer): void {
    const { length } = buffer
    if (length < SIZE_MIN || length > SIZE_MAX || roundedUp(length) !== length) return
    if (this.#bytes + length > POOLED_BYTES_MAX) return
    const free = this.#free.get(length)
    if (free === undefined) this.#free.set(length, [buffer])
    else free.push(buffer)
    this.#bytes += length
  }
}

function roundedUp(size: number): number {
  return Math.max(SIZE_MIN, 2 ** Math.ceil(Math.log2(size)))
}

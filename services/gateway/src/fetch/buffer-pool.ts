const SIZE_MIN = 64 * 1024
const SIZE_MAX = 4 * 1024 * 1024
const POOLED_BYTES_MAX = 32 * 1024 * 1024

/**
 * Large buffers, for bodies, batches and answers, lent again once nobody uses them. A fresh buffer
 * of some hundred KiB costs a page fault for every 4 KiB of it, which is more than to copy a text
 * into it. And a few of them make the engine collect all its garbage, for it counts their memory.
 */
export class BufferPool {
  /** By size, which is a power of two. */
  readonly #free = new Map<number, Buffer[]>()
  #bytes = 0
  /** Those that are lent, by their memory. */
  readonly #lent = new WeakMap<ArrayBufferLike, Buffer>()

  /** A buffer of at least `size` bytes with anything in it. */
  take(size: number): Buffer {
    if (size < SIZE_MIN / 2) return Buffer.allocUnsafe(size)
    if (size > SIZE_MAX) return Buffer.allocUnsafeSlow(size)
    const rounded = roundedUp(size)
    const free = this.#free.get(rounded)?.pop()
    if (free !== undefined) this.#bytes -= rounded
    const buffer = free ?? Buffer.allocUnsafeSlow(rounded)
    this.#lent.set(buffer.buffer, buffer)
    return buffer
  }

  /**
   * Gives back a buffer that nobody reads or writes any more; a part of it does. Others than those
   * that are lent are ignored.
   */
  give(part: Buffer): void {
    if (part.buffer.byteLength < SIZE_MIN) return
    const buffer = this.#lent.get(part.buffer)
    if (buffer === undefined) return
    this.#lent.delete(buffer.buffer)
    const { length } = buffer
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

import { assert } from '@courant/kernel'
import { readFully } from '../disk/file-io.ts'
import type { StorageFile } from '../storage.ts'

const READ_BYTES_MAX = 1024 * 1024
/** Few and large pieces: each new one outside its heap makes the garbage collector run. */
const MEMORY_BYTES_MAX = 64 * 1024 * 1024
const GROWTH = 4

/**
 * A stretch of the ring in memory, for a reader that goes forward: each byte is read once, ahead of
 * the reader, and never moves again, so that views of it may be kept. When the stretch is at its
 * end another begins where the reader is; only what both of them need is copied.
 */
export class RingWindow {
  readonly #file: StorageFile
  readonly #fileBytes: number
  readonly #readBytes: number
  readonly #memoryBytesMax: number
  #memory: Buffer = Buffer.alloc(0)
  /** Where the memory begins in the file. */
  #start = 0
  #filled = 0
  /** The read that is under way. */
  #reading: Promise<void> | null = null

  /** Pieces are small in a small ring, so that the few cycles of a test lie in several. */
  constructor(file: StorageFile, fileBytes: number) {
    this.#file = file
    this.#fileBytes = fileBytes
    this.#readBytes = Math.min(READ_BYTES_MAX, Math.ceil(fileBytes / 16))
    this.#memoryBytesMax = Math.min(MEMORY_BYTES_MAX, Math.ceil(fileBytes / 4))
  }

  /** The bytes [position, position + bytes), as far as the file reaches. */
  async view(position: number, bytes: number): Promise<Buffer> {
    const end = Math.min(position + bytes, this.#fileBytes)
    if (position >= end) return Buffer.alloc(0)
    if (position < this.#start || end > this.#start + this.#memory.length) {
      await this.#move(position, end - position)
    }
    while (this.#start + this.#filled < end) await this.#readOn()
    if (this.#start + this.#filled - end < this.#readBytes) this.#readAhead()
    return this.#memory.subarray(position - this.#start, end - this.#start)
  }

  /** Resolves when the file is no longer read. */
  async close(): Promise<void> {
    await this.#reading?.catch(() => undefined)
  }

  /** More each time, while the reader goes on; after a jump it may want little. */
  async #move(position: number, bytes: number): Promise<void> {
    await this.#reading
    const offset = position - this.#start
    const isNext = offset >= 0 && offset <= this.#filled
    const kept = isNext ? this.#memory.subarray(offset, this.#filled) : Buffer.alloc(0)
    const grown = isNext ? GROWTH * this.#memory.length : 0
    const size = Math.max(bytes, Math.min(Math.max(grown, this.#readBytes), this.#memoryBytesMax))
    this.#memory = Buffer.allocUnsafeSlow(Math.min(size, this.#fileBytes - position))
    this.#start = position
    this.#filled = kept.copy(this.#memory)
  }

  async #readOn(): Promise<void> {
    this.#readAhead()
    await this.#reading
  }

  #readAhead(): void {
    if (this.#reading !== null || this.#filled === this.#memory.length) return
    const reading = this.#read()
    // A failure is told to whoever waits for the bytes.
    reading.catch(() => undefined)
    this.#reading = reading
  }

  async #read(): Promise<void> {
    const into = this.#memory.subarray(this.#filled, this.#filled + this.#readBytes)
    const count = await readFully(this.#file, into, this.#start + this.#filled)
    assert(count === into.length, 'the ring does not become shorter')
    this.#filled += count
    this.#reading = null
  }
}

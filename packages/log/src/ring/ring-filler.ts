import { writeFully } from '../disk/file-io.ts'
import type { StorageFile } from '../storage.ts'

const STEP_BYTES = 1024 * 1024
const ZEROS = Buffer.alloc(STEP_BYTES)

/**
 * Fills a new ring with zeros in the background: overwriting blocks that exist needs no allocation
 * and no journal commit, which makes a sync two to four times cheaper. Until it is done the ring
 * works all the same. It only ever writes ahead of the ring's first lap.
 */
export class RingFiller {
  readonly #file: StorageFile
  readonly #end: number
  #next: number
  #inFlight: Promise<void> | null = null
  #stopped = false
  #done: Promise<void> = Promise.resolve()

  /** `from`: the size of the file, up to which it has been filled or written. */
  constructor(file: StorageFile, from: number, end: number) {
    this.#file = file
    this.#next = from
    this.#end = end
  }

  /** Failures are left to the ring, whose own writes will meet them. */
  start(): void {
    this.#done = this.#fill().catch(() => undefined)
  }

  /** Waits until nothing here writes where the ring is about to, and never will again. */
  async makeWay(position: number, bytes: number): Promise<void> {
    const inFlight = this.#inFlight
    const overlaps = inFlight !== null && position + bytes > this.#next - STEP_BYTES
    this.#next = Math.max(this.#next, Math.min(this.#end, position + bytes))
    if (overlaps) await inFlight
  }

  async stop(): Promise<void> {
    this.#stopped = true
    await this.#done
  }

  async #fill(): Promise<void> {
    while (this.#next < this.#end && !this.#stopped) {
      const from = this.#next
      const bytes = Math.min(STEP_BYTES, this.#end - from)
      this.#next = from + bytes
      this.#inFlight = writeFully(this.#file, [ZEROS.subarray(0, bytes)], from)
      await this.#inFlight
      this.#inFlight = null
    }
  }
}

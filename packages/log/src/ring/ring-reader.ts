import { crc32c } from '@courant/record-batch'
import { readFully } from '../disk/file-io.ts'
import type { StorageFile } from '../storage.ts'
import { RingCorruptError } from './ring-corrupt-error.ts'
import {
  BLOCK_BYTES,
  CYCLE_HEADER_BYTES,
  type CycleHeader,
  cycleBytesOnDisk,
  payloadBytesMax,
  REGION_START,
  readCycleHeader,
  type Superblock,
} from './ring-layout.ts'
import type { RingPlace } from './ring-places.ts'

/** A cycle as recovery found it. `bytes` and `payload`, its end, are views that may be kept. */
export interface RecoveredCycle extends RingPlace {
  readonly bytes: Buffer
  readonly payload: Buffer
  readonly entryCount: number
  readonly bytesOnDisk: number
}

const WINDOW_BYTES = 4 * 1024 * 1024

/**
 * Follows the chain of cycles from the tail of the last checkpoint.
 *
 * Cycle n + 1 lies where cycle n ended, or at the start of the region when it did not fit there.
 * Recovery looks at these two places only, never inside a payload. Where neither holds a valid
 * cycle of the expected number the log ends: the cycle in flight at the crash was torn and is
 * dropped whole. Unless a later cycle is found: one cycle is in flight at a time, so a later one
 * proves that the bad cycle was synced and has been damaged since, or that the ring has gone on
 * beyond the checkpoint which says that the bad cycle is needed.
 */
export class RingReader {
  readonly #file: StorageFile
  readonly #superblock: Superblock
  #window: Buffer = Buffer.alloc(0)
  #windowStart = 0
  #fileBytes: number | null = null
  /** Where the next cycle will be written: behind the last valid one. */
  end: RingPlace
  #run = 0

  constructor(file: StorageFile, superblock: Superblock, tail: RingPlace) {
    this.#file = file
    this.#superblock = superblock
    this.end = tail
    const isBlock = tail.position % BLOCK_BYTES === 0 && tail.position >= REGION_START
    if (!isBlock || tail.position > superblock.ringBytes || !Number.isSafeInteger(tail.cycle)) {
      throw new RingCorruptError('The checkpoint log names a place outside the write-ahead ring.')
    }
  }

  async *cycles(): AsyncGenerator<RecoveredCycle, void, undefined> {
    for (;;) {
      const found = await this.#next()
      if (found === null) break
      yield found
    }
    if (await this.#laterExists()) {
      throw new RingCorruptError(
        `Cycle ${this.end.cycle} of the write-ahead ring, at byte ${this.end.position}, was synced ` +
          'but cannot be read. Records that were acknowledged may be lost.',
      )
    }
  }

  async #next(): Promise<RecoveredCycle | null> {
    const { cycle, position } = this.end
    for (const place of position === REGION_START ? [REGION_START] : [position, REGION_START]) {
      const header = await this.#validAt(place)
      if (header === null || header.cycle !== cycle) continue
      const bytes = this.#viewFrom(place).subarray(0, CYCLE_HEADER_BYTES + header.payloadBytes)
      const payload = bytes.subarray(CYCLE_HEADER_BYTES)
      const bytesOnDisk = cycleBytesOnDisk(header.payloadBytes)
      this.end = { cycle: cycle + 1, position: place + bytesOnDisk }
      this.#run = header.run
      const { entryCount } = header
      return { cycle, position: place, bytes, payload, entryCount, bytesOnDisk }
    }
    return null
  }

  /**
   * The header of the valid cycle at that place, if it is due or later; then whole in the window.
   */
  async #validAt(position: number): Promise<CycleHeader | null> {
    if (position + BLOCK_BYTES > this.#superblock.ringBytes) return null
    await this.#load(position, CYCLE_HEADER_BYTES)
    if (this.#fileBytes !== null && position >= this.#fileBytes) return null
    const header = readCycleHeader(this.#viewFrom(position), this.#superblock.secret)
    if (header === null || header.cycle < this.end.cycle || !this.#isPlausible(header)) return null
    const bytes = CYCLE_HEADER_BYTES + header.payloadBytes
    await this.#load(position, bytes)
    const view = this.#viewFrom(position)
    if (view.length < bytes) return null
    return crc32c(view, 4, bytes) === header.crc ? header : null
  }

  #isPlausible(header: CycleHeader): boolean {
    return (
      header.run >= this.#run &&
      header.run <= this.#superblock.run &&
      header.payloadBytes <= payloadBytesMax(this.#superblock.ringBytes)
    )
  }

  /** Looks at every block where cycle n + 1 could begin if cycle n had been written. */
  async #laterExists(): Promise<boolean> {
    const { cycle, position } = this.end
    const reach = cycleBytesOnDisk(payloadBytesMax(this.#superblock.ringBytes))
    for (const start of [position, REGION_START]) {
      const stop = Math.min(start + reach, this.#superblock.ringBytes - BLOCK_BYTES)
      for (let place = start; place <= stop; place += BLOCK_BYTES) {
        if (this.#fileBytes !== null && place >= this.#fileBytes) break
        const header = await this.#validAt(place)
        if (header !== null && header.cycle > cycle) return true
      }
    }
    return false
  }

  #viewFrom(position: number): Buffer {
    return this.#window.subarray(position - this.#windowStart)
  }

  /** Brings [position, position + bytes) into the window, as far as the file reaches. */
  async #load(position: number, bytes: number): Promise<void> {
    const windowEnd = this.#windowStart + this.#window.length
    if (position >= this.#windowStart && position + bytes <= windowEnd) return
    this.#fileBytes ??= await this.#file.size()
    const left = Math.max(0, this.#fileBytes - position)
    const window = Buffer.allocUnsafeSlow(Math.min(left, Math.max(WINDOW_BYTES, bytes)))
    const filled = await readFully(this.#file, window, position)
    this.#window = window.subarray(0, filled)
    this.#windowStart = position
  }
}

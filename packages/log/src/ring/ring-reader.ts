import { crc32c } from '@courant/record-batch'
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
import { RingWindow } from './ring-window.ts'

/** A cycle as recovery found it. `bytes` and `payload`, its end, are views that may be kept. */
export interface RecoveredCycle extends RingPlace {
  readonly bytes: Buffer
  readonly payload: Buffer
  readonly entryCount: number
  readonly bytesOnDisk: number
}

interface ValidCycle {
  readonly header: CycleHeader
  /** Up to the end of its payload. */
  readonly bytes: Buffer
}

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
    const window = new RingWindow(this.#file, await this.#file.size())
    try {
      for (;;) {
        const found = await this.#next(window)
        if (found === null) break
        yield found
      }
      if (await this.#laterExists(window)) {
        throw new RingCorruptError(
          `Cycle ${this.end.cycle} of the write-ahead ring, at byte ${this.end.position}, was ` +
            'synced but cannot be read. Records that were acknowledged may be lost.',
        )
      }
    } finally {
      await window.close()
    }
  }

  async #next(window: RingWindow): Promise<RecoveredCycle | null> {
    const { cycle, position } = this.end
    for (const place of position === REGION_START ? [REGION_START] : [position, REGION_START]) {
      const found = await this.#validAt(window, place)
      if (found === null || found.header.cycle !== cycle) continue
      const { header, bytes } = found
      const payload = bytes.subarray(CYCLE_HEADER_BYTES)
      const bytesOnDisk = cycleBytesOnDisk(header.payloadBytes)
      this.end = { cycle: cycle + 1, position: place + bytesOnDisk }
      this.#run = header.run
      const { entryCount } = header
      return { cycle, position: place, bytes, payload, entryCount, bytesOnDisk }
    }
    return null
  }

  /** The valid cycle at that place, if it is due or later. */
  async #validAt(window: RingWindow, position: number): Promise<ValidCycle | null> {
    if (position + BLOCK_BYTES > this.#superblock.ringBytes) return null
    const start = await window.view(position, CYCLE_HEADER_BYTES)
    const header = readCycleHeader(start, this.#superblock.secret)
    if (header === null || header.cycle < this.end.cycle || !this.#isPlausible(header)) return null
    const bytesTotal = CYCLE_HEADER_BYTES + header.payloadBytes
    const bytes = await window.view(position, bytesTotal)
    if (bytes.length < bytesTotal) return null
    return crc32c(bytes, 4) === header.crc ? { header, bytes } : null
  }

  #isPlausible(header: CycleHeader): boolean {
    return (
      header.run >= this.#run &&
      header.run <= this.#superblock.run &&
      header.payloadBytes <= payloadBytesMax(this.#superblock.ringBytes)
    )
  }

  /** Looks at every block where cycle n + 1 could begin if cycle n had been written. */
  async #laterExists(window: RingWindow): Promise<boolean> {
    const { cycle, position } = this.end
    const reach = cycleBytesOnDisk(payloadBytesMax(this.#superblock.ringBytes))
    for (const start of [position, REGION_START]) {
      const stop = Math.min(start + reach, this.#superblock.ringBytes - BLOCK_BYTES)
      for (let place = start; place <= stop; place += BLOCK_BYTES) {
        const found = await this.#validAt(window, place)
        if (found !== null && found.header.cycle > cycle) return true
      }
    }
    return false
  }
}

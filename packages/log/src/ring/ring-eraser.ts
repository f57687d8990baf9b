import { writeFully } from '../disk/file-io.ts'
import type { StorageFile } from '../storage.ts'
import type { RingPlaces } from './ring-places.ts'

const STEP_BYTES = 1024 * 1024
const ZEROS = Buffer.alloc(STEP_BYTES)

/** Overwrites with zeros what earlier laps left in the free part of the ring, a step at a time. */
export class RingEraser {
  readonly #file: StorageFile
  readonly #places: RingPlaces
  #left: { start: number; end: number }[]

  constructor(file: StorageFile, places: RingPlaces) {
    this.#file = file
    this.#places = places
    this.#left = places.free()
  }

  /**
   * Between two cycles only: what was free at the start may hold new cycles by now, and what is
   * free now stays so while this step writes. False when there is nothing left; all is synced then.
   */
  async step(): Promise<boolean> {
    const [extent] = this.#left
    if (extent === undefined) {
      await this.#file.sync()
      return false
    }
    const { start } = extent
    const end = Math.min(start + STEP_BYTES, extent.end)
    extent.start = end
    if (end === extent.end) this.#left = this.#left.slice(1)
    for (const free of this.#places.free()) {
      const from = Math.max(start, free.start)
      const bytes = Math.min(end, free.end) - from
      if (bytes > 0) await writeFully(this.#file, [ZEROS.subarray(0, bytes)], from)
    }
    return true
  }
}

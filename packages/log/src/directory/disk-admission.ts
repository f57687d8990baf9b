import { BusError } from '@courant/kernel'
import type { Storage } from '../storage.ts'

/** The disk is asked again after so many bytes. */
const BYTES_BETWEEN_LOOKS = 16 * 1024 * 1024

/**
 * Refuses appends while the disk could still take what was acknowledged: a write that fails for
 * want of space takes the directory offline, so it must not come to that.
 */
export class DiskAdmission {
  readonly #storage: Storage
  readonly #freeBytesMin: number
  #freeBytes = 0
  #sinceLook = 0
  #look: Promise<void> | null = null

  constructor(storage: Storage, freeBytesMin: number) {
    this.#storage = storage
    this.#freeBytesMin = freeBytesMin
  }

  /** What is free by our reckoning: the last look, less what was appended since. */
  get freeBytes(): number {
    return this.#freeBytes - this.#sinceLook
  }

  /** Throws STORAGE_FULL. */
  admit(bytes: number): void {
    this.#sinceLook += bytes
    if (this.#sinceLook > BYTES_BETWEEN_LOOKS) void this.look()
    if (this.freeBytes >= this.#freeBytesMin) return
    this.#sinceLook -= bytes
    void this.look()
    throw new BusError('STORAGE_FULL', 'The broker is short of disk space. Nothing was written.')
  }

  /** Asks the disk. One that cannot be asked is known by its failing writes. */
  look(): Promise<void> {
    this.#look ??= this.#ask()
      .catch(() => undefined)
      .finally(() => {
        this.#look = null
      })
    return this.#look
  }

  async #ask(): Promise<void> {
    const since = this.#sinceLook
    this.#freeBytes = await this.#storage.freeBytes()
    this.#sinceLook -= since
  }
}

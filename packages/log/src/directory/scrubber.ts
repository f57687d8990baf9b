import type { Offset } from '@courant/kernel'
import type { DiskPartitionLog } from '../partition/disk-partition-log.ts'

/** All files are read once in so long at the latest (reliability B10.4). */
const PERIOD_MS = 7 * 86_400_000
const READ_BYTES = 1024 * 1024
const SWEEP_BYTES_MIN = 4 * READ_BYTES
/** Thousands of small partitions are not opened all at once. */
const SWEEP_READS_MAX = 32

/**
 * Reads what nobody reads, a little at a time, so that a damaged replica is found while another has
 * the records, and not when it is the last. Goes round all partitions for ever; where it was is not
 * kept over a restart.
 */
export class Scrubber {
  readonly #logs: () => Iterable<DiskPartitionLog>
  readonly #sweepMs: number
  #waiting: DiskPartitionLog[] = []
  #offset = 0 as Offset
  #reading: Promise<void> | null = null
  #isStopped = false

  constructor(logs: () => Iterable<DiskPartitionLog>, sweepMs: number) {
    this.#logs = logs
    this.#sweepMs = sweepMs
  }

  /** To be called every `sweepMs`. Nobody waits for it: a slow disk must not hold up a sweep. */
  sweep(): void {
    if (this.#reading !== null || this.#isStopped) return
    this.#reading = this.#read().finally(() => {
      this.#reading = null
    })
  }

  /** Resolves when no file is in use here any more. */
  async stop(): Promise<void> {
    this.#isStopped = true
    await this.#reading
  }

  async #read(): Promise<void> {
    const all = [...this.#logs()]
    if (this.#waiting.length === 0) this.#waiting = all.reverse()
    const total = all.reduce((sum, { files }) => sum + files.sizeBytes, 0)
    let left = Math.max(SWEEP_BYTES_MIN, (total * this.#sweepMs) / PERIOD_MS)
    for (let reads = 0; reads < SWEEP_READS_MAX && left > 0; reads += 1) {
      if (this.#isStopped) return
      const log = this.#waiting.at(-1)
      if (log === undefined) return
      const read = await log.scrub(this.#offset, READ_BYTES)
      if (read === null) {
        this.#waiting.pop()
        this.#offset = 0 as Offset
      } else {
        this.#offset = read.nextOffset
        left -= read.size
      }
    }
  }
}

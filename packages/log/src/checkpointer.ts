import type { CheckpointLog } from './checkpoint-log.ts'
import type { CheckpointOutcome, DiskPartitionLog } from './disk-partition-log.ts'
import type { Ring } from './ring.ts'

export interface CheckpointerParts {
  readonly ring: Ring
  readonly checkpoints: CheckpointLog
  readonly inFlightMax: number
  readonly nextIncarnation: () => number
  readonly fail: (error: unknown) => void
  /** From which cycle each partition needs the ring, as recovery found it. */
  readonly dirty: Map<DiskPartitionLog, number>
}

/** Begin early enough that the ring never fills while the rest is written. */
const BEGIN_AT = 1 / 2
const END_AT = 3 / 8
/** Partitions of one round: the checkpoint log is synced once for all of them. */
const PARTITIONS_MAX = 128
/** Bytes of one partition in one round, so that no sync is long. */
const BYTES_MAX = 8 * 1024 * 1024

/**
 * Frees the ring: writes and syncs the segment files of the partitions that have waited longest, a
 * few at a time, saves what they came to in the checkpoint log, and only then gives the ring's space
 * back. A round is small, so that the tail of the appends does not feel it.
 */
export class Checkpointer {
  readonly #parts: CheckpointerParts
  /** From which cycle each partition needs the ring; roughly the oldest first. */
  readonly #dirty: Map<DiskPartitionLog, number>
  #running: Promise<void> | null = null
  /** Somebody waits until the ring is free up to this cycle. */
  #wanted = 0
  #isStopped = false
  #rounds = 0
  #partitions = 0
  #bytes = 0

  constructor(parts: CheckpointerParts) {
    this.#parts = parts
    this.#dirty = parts.dirty
  }

  get statistics(): { dirty: number; rounds: number; partitions: number; bytes: number } {
    return {
      dirty: this.#dirty.size,
      rounds: this.#rounds,
      partitions: this.#partitions,
      bytes: this.#bytes,
    }
  }

  markDirty(log: DiskPartitionLog, cycle: number): void {
    if (!this.#dirty.has(log)) this.#dirty.set(log, cycle)
  }

  /** The ring has moved: checkpoints begin when it is time. */
  poke(): void {
    if (this.#running !== null || this.#isStopped) return
    const { ring } = this.#parts
    if (
      !ring.isFull &&
      this.#wanted < ring.tailCycle &&
      ring.usedBytes < BEGIN_AT * ring.capacityBytes
    )
      return
    this.#running = this.#run()
  }

  /** Resolves when everything that is durable now is in segment files. */
  async checkpointAll(): Promise<void> {
    const { ring } = this.#parts
    this.#wanted = Math.max(this.#wanted, ring.durableCycle)
    while (ring.tailCycle <= this.#wanted && !this.#isStopped) {
      this.poke()
      if (this.#running === null) return
      await this.#running
    }
  }

  /** No further round begins; resolves when the one under way has ended. */
  async stop(): Promise<void> {
    this.#isStopped = true
    await this.#running
  }

  async #run(): Promise<void> {
    const { ring, fail } = this.#parts
    try {
      while (this.#isWanted(ring)) await this.#round()
    } catch (error) {
      this.#isStopped = true
      fail(error)
    }
    this.#running = null
  }

  #isWanted(ring: Ring): boolean {
    if (this.#isStopped || ring.tailCycle > ring.durableCycle) return false
    return (
      ring.isFull || ring.tailCycle <= this.#wanted || ring.usedBytes > END_AT * ring.capacityBytes
    )
  }

  async #round(): Promise<void> {
    const { ring, checkpoints, nextIncarnation } = this.#parts
    const logs = [...this.#dirty.keys()].slice(0, PARTITIONS_MAX)
    // Before, not after: what a log enters while the rest of the round is saved marks it anew.
    for (const log of logs) this.#dirty.delete(log)
    const outcomes = await this.#checkpointSome(logs)
    for (const { log, dirtyFrom } of outcomes) {
      if (dirtyFrom !== null) this.#dirty.set(log, dirtyFrom)
    }
    let tail = ring.durableCycle + 1
    for (const cycle of this.#dirty.values()) tail = Math.min(tail, cycle)
    const states = outcomes.map(({ state }) => state).filter((state) => state !== null)
    const deleted = outcomes.filter(({ state }) => state === null)
    await checkpoints.append({
      tail: ring.placeOf(tail),
      nextIncarnation: nextIncarnation(),
      states,
      deleted: deleted.map(({ log }) => log.incarnation),
    })
    ring.release(tail)
    this.#rounds += 1
    this.#partitions += outcomes.length
    for (const { bytes } of outcomes) this.#bytes += bytes
  }

  async #checkpointSome(logs: readonly DiskPartitionLog[]): Promise<CheckpointOutcome[]> {
    const outcomes: CheckpointOutcome[] = []
    const waiting = logs.values()
    const workers = Array.from({ length: this.#parts.inFlightMax }, async () => {
      for (const log of waiting) outcomes.push(await log.checkpoint(BYTES_MAX))
    })
    await Promise.all(workers)
    return outcomes
  }
}

import type { CheckpointOutcome, DiskPartitionLog } from '../partition/disk-partition-log.ts'
import type { Ring } from '../ring/ring.ts'
import type { CheckpointLog, DirectoryFacts } from './checkpoint-log.ts'

export interface CheckpointerParts {
  readonly ring: Ring
  readonly checkpoints: CheckpointLog
  readonly inFlightMax: number
  /** What every checkpoint says beside the partitions. */
  readonly facts: () => DirectoryFacts
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
 * few at a time, saves what they came to in the checkpoint log, and only then gives the ring's
 * space back. A round is small, so that the tail of the appends does not feel it.
 */
export class Checkpointer {
  readonly #parts: CheckpointerParts
  /** From which cycle on each partition needs the ring, the longest waiting first. */
  readonly #dirty: Map<DiskPartitionLog, number>
  #running: Promise<void> | null = null
  /** Somebody waits until the ring is free up to this cycle. */
  #wanted = 0
  #isRenewalWanted = false
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
      !this.#isRenewalWanted &&
      !ring.isFull &&
      this.#wanted < ring.tailCycle &&
      ring.usedBytes < BEGIN_AT * ring.capacityBytes
    )
      return
    this.#running = this.#run()
  }

  /** The ring shall be free up to this cycle, soon. */
  want(cycle: number): void {
    this.#wanted = Math.max(this.#wanted, cycle)
    this.poke()
  }

  /** Resolves when everything that is durable now is in segment files. */
  async checkpointAll(): Promise<void> {
    const { ring } = this.#parts
    this.want(ring.durableCycle)
    while (ring.tailCycle <= this.#wanted && !this.#isStopped) {
      this.poke()
      if (this.#running === null) return
      await this.#running
    }
  }

  /** Begins the checkpoint log anew; resolves when no earlier checkpoint is left. */
  async renewLog(): Promise<void> {
    this.#parts.checkpoints.forgetEarlier()
    this.#isRenewalWanted = true
    while (this.#isRenewalWanted && !this.#isStopped) {
      this.poke()
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
    if (this.#isStopped) return false
    if (this.#isRenewalWanted) return true
    if (ring.tailCycle > ring.durableCycle) return false
    return (
      ring.isFull || ring.tailCycle <= this.#wanted || ring.usedBytes > END_AT * ring.capacityBytes
    )
  }

  async #round(): Promise<void> {
    const { ring, checkpoints, facts } = this.#parts
    const begun = ring.durableCycle
    const isRenewal = this.#isRenewalWanted
    const outcomes = await this.#checkpointSome(this.#oldest())
    ring.requireSound()
    // In one turn with the choice of the new tail, and by what each log has entered until now: it
    // may have gone on since its own checkpoint, while the rest of the round was saved.
    for (const outcome of outcomes) this.#note(outcome, begun)
    let tail = ring.durableCycle + 1
    for (const cycle of this.#dirty.values()) tail = Math.min(tail, cycle)
    await checkpoints.append({
      ...facts(),
      tail: ring.placeOf(tail),
      states: outcomes.map(({ state }) => state).filter((state) => state !== null),
      deleted: outcomes.filter(({ state }) => state === null).map(({ log }) => log.incarnation),
    })
    if (isRenewal) this.#isRenewalWanted = false
    ring.release(tail)
    this.#rounds += 1
    this.#partitions += outcomes.length
    for (const { bytes } of outcomes) this.#bytes += bytes
  }

  #oldest(): DiskPartitionLog[] {
    const oldest: DiskPartitionLog[] = []
    for (const log of this.#dirty.keys()) {
      if (oldest.push(log) === PARTITIONS_MAX) break
    }
    return oldest
  }

  /** What was cut short keeps its place among those who wait; what has new entries waits anew. */
  #note({ log, appliedCycle }: CheckpointOutcome, begun: number): void {
    const neededFrom = log.neededAfter(appliedCycle)
    if (neededFrom === null || neededFrom > begun) this.#dirty.delete(log)
    if (neededFrom !== null) this.#dirty.set(log, neededFrom)
  }

  async #checkpointSome(logs: readonly DiskPartitionLog[]): Promise<CheckpointOutcome[]> {
    const outcomes: CheckpointOutcome[] = []
    const waiting = logs.values()
    const workers = Array.from({ length: this.#parts.inFlightMax }, async () => {
      for (const log of waiting) outcomes.push(await log.checkpoint(BYTES_MAX))
    })
    // All of them, even when one fails: nobody may touch a file after the directory is closed.
    const ended = await Promise.allSettled(workers)
    const failed = ended.find((end) => end.status === 'rejected')
    if (failed !== undefined) throw failed.reason
    return outcomes
  }
}

import type { Clock } from '@courant/kernel'

const DELAY_MS = 12 * 3_600_000

/**
 * When the ring must be wiped because it still holds bytes of topics that were deleted: they are
 * gone within a day, even when nothing is appended that would overwrite them. The due time is part
 * of every checkpoint, so that a restart does not put it off.
 */
export class Erasure {
  readonly #clock: Clock
  /** Wall clock; 0 for never. */
  #dueMs: number
  /** The due time of the erasure under way; deletions meanwhile ask for another one. */
  #underWayMs = 0

  constructor(clock: Clock, dueMs: number) {
    this.#clock = clock
    // A clock that was set back does not put it off for longer than it takes anyway.
    this.#dueMs = Math.min(dueMs, clock.now() + DELAY_MS)
  }

  /** What a checkpoint says: when the oldest dead bytes must be gone, 0 when there are none. */
  get dueMs(): number {
    return this.#underWayMs === 0 ? this.#dueMs : this.#underWayMs
  }

  /** The ring holds entries of something that has been deleted. */
  request(): void {
    if (this.#dueMs === 0) this.#dueMs = this.#clock.now() + DELAY_MS
  }

  /** Runs the erasure when it is due. */
  async runWhenDue(erase: () => Promise<void>): Promise<void> {
    if (this.#dueMs === 0 || this.#clock.now() < this.#dueMs) return
    this.#underWayMs = this.#dueMs
    this.#dueMs = 0
    await erase()
    this.#underWayMs = 0
  }
}

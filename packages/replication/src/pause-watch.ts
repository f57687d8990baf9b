/** A gap beyond the interval of its ticks that no busy but healthy event loop has. */
const PAUSE_MS = 1_000

/**
 * Tells whether this process has just been paused: by SIGSTOP, by a machine that slept, by a loop
 * that hung. A leader that wakes up must not hold its own absence against its followers (B4.5).
 */
export class PauseWatch {
  readonly #intervalMs: number
  #lastMs: number | null = null

  /** `intervalMs`: how often `tick` is called. */
  constructor(intervalMs: number) {
    this.#intervalMs = intervalMs
  }

  /** Whether the time since the last tick was a pause. Has to come before anything is judged. */
  tick(nowMs: number): boolean {
    const wasPaused = this.#lastMs !== null && nowMs - this.#lastMs > this.#intervalMs + PAUSE_MS
    this.#lastMs = nowMs
    return wasPaused
  }
}

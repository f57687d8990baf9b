import { type Clock, limits } from '@courant/kernel'

/** How exactly the deadlines of bodies are kept. */
const CHECK_MS = 1_000

/**
 * Ends the wait for bodies that are not there within `limits.bodyMsMax`. One timer serves all of
 * them, and lapses when none is being read any more: nearly every body comes with its headers, and
 * a timer of its own would cost more than to read it.
 */
export class BodyDeadlines {
  readonly #clock: Clock
  /** Deadlines in monotonic milliseconds; the earliest first, for all have the same time. */
  readonly #deadlines = new Map<() => void, number>()
  #timer: 'unset' | 'set' = 'unset'

  constructor(clock: Clock) {
    this.#clock = clock
  }

  /** `expire` is called, once, unless it is taken out in time. */
  add(expire: () => void): void {
    this.#deadlines.set(expire, this.#clock.monotonicMs() + limits.bodyMsMax)
    if (this.#timer === 'unset') this.#setTimer()
  }

  delete(expire: () => void): void {
    this.#deadlines.delete(expire)
  }

  #setTimer(): void {
    this.#timer = 'set'
    this.#clock.setTimer(CHECK_MS, () => {
      this.#timer = 'unset'
      this.#expire()
      if (this.#deadlines.size > 0) this.#setTimer()
    })
  }

  #expire(): void {
    const nowMs = this.#clock.monotonicMs()
    for (const [expire, deadlineMs] of this.#deadlines) {
      if (deadlineMs > nowMs) return
      this.#deadlines.delete(expire)
      expire()
    }
  }
}

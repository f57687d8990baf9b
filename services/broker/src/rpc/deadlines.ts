import type { Clock, Timer } from '@courant/kernel'

/** How late an expiry may come. Deadlines here are seconds, so it does not matter. */
const CHECK_MS = 100

export interface Expiring {
  readonly deadlineMs: number
  expire(): void
}

/**
 * Deadlines of operations that nearly always end long before: one timer for all of them and none
 * while there are none, because a timer for each would cost more than the append that it guards.
 */
export class Deadlines {
  readonly #clock: Clock
  readonly #waiting = new Set<Expiring>()
  #timer: Timer | null = null

  constructor(clock: Clock) {
    this.#clock = clock
  }

  get count(): number {
    return this.#waiting.size
  }

  add(operation: Expiring): void {
    this.#waiting.add(operation)
    this.#timer ??= this.#clock.setTimer(CHECK_MS, () => this.#check())
  }

  remove(operation: Expiring): void {
    this.#waiting.delete(operation)
  }

  close(): void {
    this.#timer?.cancel()
    this.#timer = null
    this.#waiting.clear()
  }

  #check(): void {
    this.#timer = null
    const nowMs = this.#clock.monotonicMs()
    for (const operation of this.#waiting) {
      if (operation.deadlineMs > nowMs) continue
      this.#waiting.delete(operation)
      operation.expire()
    }
    if (this.#waiting.size > 0) {
      this.#timer = this.#clock.setTimer(CHECK_MS, () => this.#check())
    }
  }
}

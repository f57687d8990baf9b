import type { Clock, Timer } from '@courant/kernel'

export interface Expiring {
  readonly deadlineMs: number
  expire(): void
}

/**
 * Deadlines of operations that nearly always end long before: one timer for all of them and none
 * while there are none, because a timer for each would cost more than the append that it guards.
 * An expiry comes late by at most `checkMs`.
 */
export class Deadlines {
  readonly #clock: Clock
  readonly #checkMs: number
  readonly #waiting = new Set<Expiring>()
  #timer: Timer | null = null
  #state: 'open' | 'over' = 'open'

  constructor(clock: Clock, checkMs: number) {
    this.#clock = clock
    this.#checkMs = checkMs
  }

  get count(): number {
    return this.#waiting.size
  }

  add(operation: Expiring): void {
    if (this.#state === 'over') {
      operation.expire()
      return
    }
    this.#waiting.add(operation)
    this.#timer ??= this.#clock.setTimer(this.#checkMs, () => this.#check())
  }

  remove(operation: Expiring): void {
    this.#waiting.delete(operation)
  }

  /** Ends every wait now, and each later one as it begins: the broker stops. */
  expireAll(): void {
    this.#state = 'over'
    this.#timer?.cancel()
    for (const operation of [...this.#waiting]) this.#expire(operation)
  }

  #check(): void {
    this.#timer = null
    const nowMs = this.#clock.monotonicMs()
    for (const operation of this.#waiting) {
      if (operation.deadlineMs <= nowMs) this.#expire(operation)
    }
    if (this.#waiting.size > 0) {
      this.#timer ??= this.#clock.setTimer(this.#checkMs, () => this.#check())
    }
  }

  #expire(operation: Expiring): void {
    this.#waiting.delete(operation)
    operation.expire()
  }
}

import type { Clock, Timer } from '@courant/kernel'

/** An operation with a deadline. The links are for `Deadlines`, and for nobody else. */
export interface Expiring {
  readonly deadlineMs: number
  earlier: Expiring | null
  later: Expiring | null
  expire(): void
}

/**
 * Deadlines of operations that nearly always end long before: one timer for all of them and none
 * while there are none, because a timer for each would cost more than the append that it guards.
 * They are links of a chain, in the order of their coming: a set costs a rehash every few hundred
 * operations. An expiry comes late by at most `checkMs`.
 */
export class Deadlines {
  readonly #clock: Clock
  readonly #checkMs: number
  #first: Expiring | null = null
  #last: Expiring | null = null
  #count = 0
  #timer: Timer | null = null
  #state: 'open' | 'over' = 'open'

  constructor(clock: Clock, checkMs: number) {
    this.#clock = clock
    this.#checkMs = checkMs
  }

  get count(): number {
    return this.#count
  }

  /** One that waits already keeps its place. */
  add(operation: Expiring): void {
    if (this.#state === 'over') {
      operation.expire()
      return
    }
    if (this.#isWaiting(operation)) return
    operation.earlier = this.#last
    if (this.#last === null) this.#first = operation
    else this.#last.later = operation
    this.#last = operation
    this.#count += 1
    this.#timer ??= this.#clock.setTimer(this.#checkMs, () => this.#check())
  }

  /** Of one that is not waiting: nothing happens. */
  remove(operation: Expiring): void {
    if (!this.#isWaiting(operation)) return
    const { earlier, later } = operation
    if (earlier === null) this.#first = later
    else earlier.later = later
    if (later === null) this.#last = earlier
    else later.earlier = earlier
    operation.earlier = null
    operation.later = null
    this.#count -= 1
  }

  /** Ends every wait now, and each later one as it begins: the broker stops. */
  expireAll(): void {
    this.#state = 'over'
    this.#timer?.cancel()
    for (const operation of this.#waiting()) this.#expire(operation)
  }

  #check(): void {
    this.#timer = null
    const nowMs = this.#clock.monotonicMs()
    for (const operation of this.#waiting()) {
      if (operation.deadlineMs <= nowMs) this.#expire(operation)
    }
    if (this.#count > 0) this.#timer ??= this.#clock.setTimer(this.#checkMs, () => this.#check())
  }

  /** Those of now: an expiry may begin others. */
  #waiting(): Expiring[] {
    const waiting: Expiring[] = []
    for (let next = this.#first; next !== null; next = next.later) waiting.push(next)
    return waiting
  }

  #isWaiting(operation: Expiring): boolean {
    return operation.earlier !== null || this.#first === operation
  }

  /** Unless the expiry of another has ended it. */
  #expire(operation: Expiring): void {
    if (!this.#isWaiting(operation)) return
    this.remove(operation)
    operation.expire()
  }
}

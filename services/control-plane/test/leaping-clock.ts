import { type Clock, systemClock } from '@courant/kernel'

/** Real timers, and a monotonic clock that can be moved on by as much as a test needs. */
export class LeapingClock implements Clock {
  #leaptMs = 0

  leap(ms: number): void {
    this.#leaptMs += ms
  }

  now(): number {
    return systemClock.now()
  }

  monotonicMs(): number {
    return systemClock.monotonicMs() + this.#leaptMs
  }

  setTimer(delayMs: number, callback: () => void) {
    return systemClock.setTimer(delayMs, callback)
  }
}

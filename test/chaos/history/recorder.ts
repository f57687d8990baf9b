import type { History, Seen, Sent } from './history.ts'

/** Nanoseconds of a clock that never goes back. */
export function monotonicNs(): number {
  return Number(process.hrtime.bigint())
}

/** Collects the history of a run while it is made. */
export class Recorder implements History {
  readonly sent: Sent[] = []
  readonly seen: Seen[] = []
  readonly final: Seen[] = []
  #nextValue = 0
  #nextRequest = 0

  /** Values that nobody else gets, in order. */
  takeValues(count: number): number[] {
    return Array.from({ length: count }, () => this.#nextValue++)
  }

  takeRequest(): number {
    return this.#nextRequest++
  }
}

import type { Ack, Delivery } from './group-history.ts'
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
  readonly deliveries: Delivery[] = []
  readonly acks: Ack[] = []
  /** Of members that were given up long before, and what was said to them. */
  readonly lateCommits = { accepted: 0, refused: 0 }
  #nextValue = 0
  #nextLife = 0
  #nextRequest = 0

  /** Values that nobody else gets, in order. */
  takeValues(count: number): number[] {
    return Array.from({ length: count }, () => this.#nextValue++)
  }

  get group() {
    return { deliveries: this.deliveries, acks: this.acks }
  }

  /** How many processes members have had. */
  get lives(): number {
    return this.#nextLife
  }

  takeLife(): number {
    return this.#nextLife++
  }

  takeRequest(): number {
    return this.#nextRequest++
  }
}

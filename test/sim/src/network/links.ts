import type { SeededRandom } from '@courant/kernel'
import type { Scheduler } from '../machine/scheduler.ts'
import type { Wire } from './wire.ts'

/** How slow the network of a seed is. */
export interface NetworkKnobs {
  readonly delayMs: number
  /** Of the delay, at most; what overtakes on another connection does so by this. */
  readonly jitterMs: number
}

interface Link {
  isBlocked: boolean
  extraMs: number
  /** Wires whose next packet has met the blockade. */
  readonly stalled: Set<Wire>
}

/** After a blockade, TCP tries again when its back-off says so. */
const RETRANSMIT_MS_MAX = 1_000

/**
 * The one-way links between hosts. What a blocked link is given is not lost but late, as TCP has
 * it: it comes in order once the link is open again, unless an end gives up before.
 */
export class Links {
  readonly scheduler: Scheduler
  readonly random: SeededRandom
  readonly #knobs: NetworkKnobs
  readonly #links = new Map<string, Link>()
  readonly #down = new Set<string>()

  constructor(scheduler: Scheduler, random: SeededRandom, knobs: NetworkKnobs) {
    this.scheduler = scheduler
    this.random = random
    this.#knobs = knobs
  }

  isBlocked(from: string, to: string): boolean {
    return this.#links.get(`${from}>${to}`)?.isBlocked === true
  }

  isUp(host: string): boolean {
    return !this.#down.has(host)
  }

  setUp(host: string, isUp: boolean): void {
    if (isUp) this.#down.delete(host)
    else this.#down.add(host)
  }

  delayMs(from: string, to: string): number {
    const { delayMs, jitterMs } = this.#knobs
    const extraMs = this.#links.get(`${from}>${to}`)?.extraMs ?? 0
    return delayMs + this.random.next() * (jitterMs + extraMs)
  }

  block(from: string, to: string): void {
    this.#of(from, to).isBlocked = true
  }

  slow(from: string, to: string, extraMs: number): void {
    this.#of(from, to).extraMs = extraMs
  }

  unblock(from: string, to: string): void {
    const link = this.#of(from, to)
    link.isBlocked = false
    const stalled = [...link.stalled]
    link.stalled.clear()
    for (const wire of stalled) {
      this.scheduler.at(this.random.next() * RETRANSMIT_MS_MAX, null, () => wire.goOn())
    }
  }

  heal(): void {
    for (const [name, link] of this.#links) {
      link.extraMs = 0
      const [from = '', to = ''] = name.split('>')
      this.unblock(from, to)
    }
  }

  stall(wire: Wire): void {
    this.#of(wire.from, wire.to).stalled.add(wire)
  }

  #of(from: string, to: string): Link {
    const name = `${from}>${to}`
    const known = this.#links.get(name)
    if (known !== undefined) return known
    const link: Link = { isBlocked: false, extraMs: 0, stalled: new Set() }
    this.#links.set(name, link)
    return link
  }
}

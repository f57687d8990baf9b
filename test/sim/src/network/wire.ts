import type { SimProcess } from '../machine/sim-process.ts'
import type { Links } from './links.ts'

interface Packet {
  arrivesAtMs: number
  /** Null: whoever it is for is the kernel of the host, alive or not. */
  readonly owner: SimProcess | null
  readonly deliver: () => void
}

/** From one host to another, in order: one direction of a connection. */
export class Wire {
  readonly from: string
  readonly to: string
  readonly #links: Links
  #packets: Packet[] = []
  #state: 'idle' | 'due' | 'stalled' | 'held' | 'cut' = 'idle'
  #lastArrivalMs = 0
  #onStall: () => void = () => undefined

  constructor(links: Links, from: string, to: string) {
    this.#links = links
    this.from = from
    this.to = to
  }

  /** Called when a packet has met a blockade; whoever sent it may lose patience. */
  set onStall(callback: () => void) {
    this.#onStall = callback
  }

  get isStalled(): boolean {
    return this.#state === 'stalled'
  }

  send(owner: SimProcess | null, deliver: () => void): void {
    if (this.#state === 'cut') return
    const { scheduler } = this.#links
    const soonest = scheduler.nowMs + this.#links.delayMs(this.from, this.to)
    this.#lastArrivalMs = Math.max(this.#lastArrivalMs, soonest)
    this.#packets.push({ arrivesAtMs: this.#lastArrivalMs, owner, deliver })
    this.#schedule()
  }

  /** The receiver takes nothing until `goOn`. */
  hold(): void {
    if (this.#state !== 'cut') this.#state = 'held'
  }

  goOn(): void {
    if (this.#state !== 'stalled' && this.#state !== 'held') return
    this.#state = 'idle'
    this.#schedule()
  }

  /** What is on its way is lost. */
  cut(): void {
    this.#state = 'cut'
    this.#packets = []
  }

  #schedule(): void {
    const [next] = this.#packets
    if (next === undefined || this.#state !== 'idle') return
    this.#state = 'due'
    const { scheduler } = this.#links
    scheduler.at(next.arrivesAtMs - scheduler.nowMs, next.owner, () => this.#arrive())
  }

  #arrive(): void {
    if (this.#state !== 'due') return
    if (this.#links.isBlocked(this.from, this.to)) {
      this.#state = 'stalled'
      this.#links.stall(this)
      this.#onStall()
      return
    }
    const packet = this.#packets.shift()
    this.#state = 'idle'
    packet?.deliver()
    this.#schedule()
  }
}

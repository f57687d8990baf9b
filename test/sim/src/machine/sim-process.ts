import { type Clock, SeededRandom, type Timer } from '@courant/kernel'
import type { SimEvent } from './event-queue.ts'
import type { Scheduler } from './scheduler.ts'

/** Wall clock of a machine whose clock is right, at the begin of a simulation. */
export const EPOCH_MS = 1_700_000_000_000
const TICK_MS = 0.001

export type ProcessRole = 'broker' | 'controller' | 'gateway'

/**
 * A simulated process: an owner of events. When it dies, nothing of it happens any more: what it
 * has asked for is never answered. While it sleeps (SIGSTOP, a virtual machine that is moved), all
 * of it is late.
 */
export class SimProcess {
  readonly host: string
  readonly role: ProcessRole
  readonly random: SeededRandom
  readonly clock: Clock
  readonly #scheduler: Scheduler
  #isAlive = true
  #sleep: Timer | null = null
  #asleepSinceMs = 0
  #sleptMs = 0
  #putOff: SimEvent[] = []
  readonly #onDeath: ((how: Death) => void)[] = []

  constructor(
    scheduler: Scheduler,
    place: { readonly host: string; readonly role: ProcessRole; readonly wallSkewMs: number },
    seed: number,
  ) {
    this.#scheduler = scheduler
    this.host = place.host
    this.role = place.role
    this.random = new SeededRandom(seed)
    const startedMs = scheduler.nowMs
    this.clock = {
      now: () => Math.floor(EPOCH_MS + place.wallSkewMs + scheduler.nowMs),
      monotonicMs: () => scheduler.nowMs - startedMs + 1_000,
      // What is less than the last digit of the time would never pass.
      setTimer: (delayMs, callback) =>
        this.later(delayMs > 0 ? Math.max(delayMs, TICK_MS) : delayMs, callback),
    }
  }

  get isAlive(): boolean {
    return this.#isAlive
  }

  get isAsleep(): boolean {
    return this.#sleep !== null
  }

  /** How long it has slept in its life, in milliseconds. */
  get asleepMs(): number {
    const nowMs = this.#scheduler.nowMs
    return this.#sleptMs + (this.isAsleep ? nowMs - this.#asleepSinceMs : 0)
  }

  later(delayMs: number, callback: () => void): Timer {
    return this.#scheduler.at(delayMs, this, callback)
  }

  /** Nothing of it happens for so long; then what was due meanwhile does, all at once. */
  sleep(ms: number): void {
    if (!this.isAsleep) this.#asleepSinceMs = this.#scheduler.nowMs
    this.#sleep?.cancel()
    this.#sleep = this.#scheduler.at(ms, null, () => this.wake())
  }

  wake(): void {
    this.#sleptMs = this.asleepMs
    this.#sleep?.cancel()
    this.#sleep = null
    for (const event of this.#putOff.splice(0)) this.#scheduler.again(event)
  }

  /** For the scheduler: an event was due while the process slept. */
  putOff(event: SimEvent): void {
    this.#putOff.push(event)
  }

  onDeath(callback: (how: Death) => void): void {
    this.#onDeath.push(callback)
  }

  die(how: Death): void {
    if (!this.#isAlive) return
    this.#isAlive = false
    for (const callback of this.#onDeath) callback(how)
  }
}

/**
 * `killed`: the machine lives on, closes the sockets of the process and keeps what it wrote.
 * `power`: nobody is told, and what was not synced may be gone. `exit`: it has ended by itself.
 */
export type Death = 'killed' | 'power' | 'exit'

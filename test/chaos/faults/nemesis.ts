import { type SeededRandom, systemClock, wait } from '@courant/kernel'
import type { Target } from '../cluster/chaos-cluster.ts'
import { awaitHealth } from '../final/await-health.ts'
import { monotonicNs } from '../history/recorder.ts'
import { type Fault, type Strike, targetText, type World } from './fault.ts'

/** A fault that struck. */
export interface Struck {
  readonly fault: string
  readonly text: string
  readonly beginNs: number
  /** When the heal was begun, and when it had been done; infinite while it has not. */
  healNs: number
  healedNs: number
}

/**
 * - `mixed`: several faults at a time, of kinds that change, with quiet periods.
 * - `one by one`: each finds everything healthy, so that what follows is its own doing.
 */
export type Rhythm = 'mixed' | 'one by one'

export interface NemesisOptions {
  readonly world: World
  readonly faults: readonly Fault[]
  readonly random: SeededRandom
  readonly rhythm: Rhythm
  /** Instead of the duration that a strike has; null to keep it. */
  readonly lastMs: number | null
  /** A line for whoever watches. */
  readonly say: (line: string) => void
}

/** The mix of kinds changes so often; a quarter of the periods have none. */
const PERIOD_MS = 20_000
const KINDS_A_PERIOD = 7
const QUIET_SHARE = 0.25
/** Between two strikes of a period. Several may last at the same time. */
const INTERVAL_MS_MIN = 500
const INTERVAL_MS_MAX = 3_000
/** More would leave nothing that works. In some periods it is one: what a kind does by itself. */
const STRIKES_AT_ONCE_MAX = 4
const ALONE_SHARE = 0.25
/** One by one, between health and the next strike: clients go on meanwhile. */
const HEALTHY_MS_MIN = 3_500
const HEALTHY_MS_MAX = 6_000
const RETRY_MS = 1_000
/** What has not healed then is left: whoever waits for health finds it. */
const HEAL_MS_MAX = 180_000

/** Strikes as the seed has it, until it is told to stop, and then heals everything. */
export class Nemesis {
  readonly struck: Struck[] = []
  readonly #options: NemesisOptions
  readonly #taken = new Set<string>()
  readonly #healing = new Set<Promise<void>>()
  readonly #stopping = new AbortController()

  constructor(options: NemesisOptions) {
    this.#options = options
  }

  /** Resolves when the time is over and everything has healed. */
  async run(durationMs: number): Promise<void> {
    const timer = systemClock.setTimer(durationMs, () => this.#stopping.abort())
    const isMixed = this.#options.rhythm === 'mixed'
    while (!this.#isOver()) await (isMixed ? this.#period() : this.#single())
    timer.cancel()
    await Promise.all(this.#healing)
  }

  #isOver(): boolean {
    return this.#stopping.signal.aborted || this.#options.world.isOver()
  }

  async #period(): Promise<void> {
    const { random, faults } = this.#options
    const end = systemClock.monotonicMs() + PERIOD_MS
    const atOnce = random.next() < ALONE_SHARE ? 1 : STRIKES_AT_ONCE_MAX
    const kinds = random.next() < QUIET_SHARE ? [] : sample(faults, KINDS_A_PERIOD, random)
    while (systemClock.monotonicMs() < end && !this.#isOver()) {
      if (this.#healing.size < atOnce) this.#strike(kinds)
      const span = INTERVAL_MS_MAX - INTERVAL_MS_MIN
      await wait(systemClock, INTERVAL_MS_MIN + span * random.next(), this.#stopping.signal)
    }
  }

  /** One fault, from health to health. */
  async #single(): Promise<void> {
    const { world, random, faults } = this.#options
    this.#strike(faults)
    await Promise.all(this.#healing)
    await awaitHealth(world.cluster)
    const span = HEALTHY_MS_MAX - HEALTHY_MS_MIN
    await wait(systemClock, HEALTHY_MS_MIN + span * random.next(), this.#stopping.signal)
  }

  #strike(kinds: readonly Fault[]): void {
    const { world, random, say } = this.#options
    const whole = world.cluster.targets.filter((target) => !this.#taken.has(targetText(target)))
    const planned = sample(kinds, kinds.length, random)
      .map((fault) => ({ fault, strike: fault.plan(world, whole, random) }))
      .find(({ strike }) => strike !== null)
    if (planned === undefined || planned.strike === null) return
    const { fault } = planned
    const strike = lasting(planned.strike, this.#options.lastMs)
    this.#take(strike.targets)
    const struck = {
      fault: fault.name,
      text: strike.text,
      beginNs: monotonicNs(),
      healNs: Number.POSITIVE_INFINITY,
      healedNs: Number.POSITIVE_INFINITY,
    }
    this.struck.push(struck)
    say(`${fault.name}: ${strike.text}`)
    const healing = this.#live(strike, struck).finally(() => {
      this.#healing.delete(healing)
      for (const target of strike.targets) this.#taken.delete(targetText(target))
    })
    this.#healing.add(healing)
  }

  #take(targets: readonly Target[]): void {
    for (const target of targets) this.#taken.add(targetText(target))
  }

  /** From the blow until everything runs again, also when the run ends in between. */
  async #live(strike: Strike, struck: Struck): Promise<void> {
    await strike.begin()
    await wait(systemClock, strike.durationMs, this.#stopping.signal)
    struck.healNs = monotonicNs()
    // What it needs may be away itself, until another fault heals.
    const giveUpAtMs = systemClock.monotonicMs() + HEAL_MS_MAX
    while (!(await this.#heal(strike, struck))) {
      if (systemClock.monotonicMs() > giveUpAtMs || this.#options.world.isOver()) return
      await wait(systemClock, RETRY_MS)
    }
    struck.healedNs = monotonicNs()
  }

  async #heal(strike: Strike, struck: Struck): Promise<boolean> {
    try {
      await strike.heal()
      return true
    } catch (error) {
      this.#options.say(`${struck.fault}, ${strike.text}: ${String(error).split('\n')[0]}`)
      return false
    }
  }
}

/** With the time that it takes, which its text tells. */
function lasting(strike: Strike, lastMs: number | null): Strike {
  if (strike.durationMs === 0) return strike
  const durationMs = lastMs ?? strike.durationMs
  return { ...strike, durationMs, text: `${strike.text}, for ${durationMs} ms` }
}

/** Some of the faults, by weight, none twice. */
function sample(faults: readonly Fault[], count: number, random: SeededRandom): Fault[] {
  const left = [...faults]
  const chosen: Fault[] = []
  while (left.length > 0 && chosen.length < count) {
    let rest = random.next() * left.reduce((sum, { weight }) => sum + weight, 0)
    const index = left.findIndex(({ weight }) => {
      rest -= weight
      return rest < 0
    })
    chosen.push(...left.splice(Math.max(0, index), 1))
  }
  return chosen
}

import { BusError, type Clock, limits } from '@courant/kernel'

/** The control plane's answer about a name, as both of its look-ups give it. */
export interface LookupAnswer {
  readonly found: boolean
  readonly metadataVersion: number
}

/** What the look-ups need of the metadata copy. */
export interface AwaitsVersion {
  atLeast(version: number, timeoutMs: number): Promise<boolean>
}

interface Budget {
  tokens: number
  atMs: number
}

/** Callers and refused names that are remembered; the oldest give way. */
const REMEMBERED_MAX = 10_000

/**
 * Names that our copy of the metadata does not hold: the one case in which a request waits for the
 * control plane (D4), because a name may have been created through another gateway a moment ago.
 * Each is asked once however many requests name it, a "no" is remembered for a second, and every
 * caller has a budget, so that guessing names cannot be turned against the control plane.
 */
export class UnknownNames {
  readonly #ask: (name: string) => Promise<LookupAnswer>
  readonly #copy: AwaitsVersion
  readonly #clock: Clock
  readonly #asking = new Map<string, Promise<boolean>>()
  readonly #refusedUntilMs = new Map<string, number>()
  readonly #budgets = new Map<string, Budget>()

  constructor(ask: (name: string) => Promise<LookupAnswer>, copy: AwaitsVersion, clock: Clock) {
    this.#ask = ask
    this.#copy = copy
    this.#clock = clock
  }

  /**
   * Resolves true once the copy holds the name, false if there is none. Throws THROTTLED when the
   * caller has asked for too many, and what the control plane throws when it cannot be asked.
   */
  async resolve(name: string, caller: string): Promise<boolean> {
    const underWay = this.#asking.get(name)
    if (underWay !== undefined) return underWay
    if ((this.#refusedUntilMs.get(name) ?? 0) > this.#clock.monotonicMs()) return false
    this.#spend(caller)
    const asking = this.#lookUp(name).finally(() => this.#asking.delete(name))
    this.#asking.set(name, asking)
    return asking
  }

  async #lookUp(name: string): Promise<boolean> {
    const { found, metadataVersion } = await this.#ask(name)
    if (found) {
      return this.#copy.atLeast(metadataVersion, limits.controlPlaneTimeoutMs)
    }
    forgetOldest(this.#refusedUntilMs)
    this.#refusedUntilMs.set(name, this.#clock.monotonicMs() + limits.negativeCacheMs)
    return false
  }

  /** A token bucket a caller: full at first, refilled evenly. */
  #spend(caller: string): void {
    const rate = limits.unknownNamesPerSecondMax
    const nowMs = this.#clock.monotonicMs()
    const known = this.#budgets.get(caller)
    if (known === undefined) forgetOldest(this.#budgets)
    const budget = known ?? { tokens: rate, atMs: nowMs }
    const tokens = Math.min(rate, budget.tokens + ((nowMs - budget.atMs) * rate) / 1000)
    if (tokens < 1) throw tooManyUnknownNames()
    this.#budgets.set(caller, { tokens: tokens - 1, atMs: nowMs })
  }
}

function tooManyUnknownNames(): BusError {
  return new BusError('THROTTLED', 'Too many unknown names or keys were asked for.', {
    retryAfterMs: limits.retryAfterMs,
    extra: { policy: 'unknown-names' },
  })
}

/** A Map iterates in order of insertion. */
function forgetOldest(map: Map<string, unknown>): void {
  if (map.size < REMEMBERED_MAX) return
  const [oldest] = map.keys()
  if (oldest !== undefined) map.delete(oldest)
}

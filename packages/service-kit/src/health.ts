/** Null while all is well; otherwise a sentence on what is missing. */
export type HealthCheck = () => string | null

export interface Readiness {
  readonly ready: boolean
  /** By name of the check: `ok` or what is missing. */
  readonly checks: Readonly<Record<string, string>>
}

/**
 * Whether this process can serve. Liveness is not a matter of checks: a process that answers at all
 * is alive, and one that waits for another (a broker without its control plane) must not be killed
 * for that. Readiness is the sum of named checks, each a look at state that is kept anyway: a probe
 * causes no request to anyone else.
 */
export class Health {
  readonly #checks = new Map<string, HealthCheck>()

  add(name: string, check: HealthCheck): void {
    this.#checks.set(name, check)
  }

  /** From now on not ready, whatever the checks say: load balancers look away before we stop. */
  drain(): void {
    this.add('shutdown', () => 'The process is shutting down.')
  }

  readiness(): Readiness {
    const checks: Record<string, string> = {}
    let ready = true
    for (const [name, check] of this.#checks) {
      const missing = check()
      checks[name] = missing ?? 'ok'
      ready &&= missing === null
    }
    return { ready, checks }
  }
}

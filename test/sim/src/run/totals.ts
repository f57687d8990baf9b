import type { SeedReport } from '../run-seed.ts'
import { newTally } from '../workload/tally.ts'

/** What all seeds of a run came to. */
export class Totals {
  readonly #startedAt = process.hrtime.bigint()
  readonly #tally = newTally()
  readonly #faults = new Map<string, number>()
  #simulatedMs = 0
  passed = 0
  failed = 0

  add({ failure, tally, faults, simulatedMs }: SeedReport): void {
    if (failure === null) this.passed += 1
    else this.failed += 1
    this.#simulatedMs += simulatedMs
    for (const name of Object.keys(tally) as (keyof typeof tally)[]) {
      this.#tally[name] += tally[name]
    }
    for (const [kind, count] of faults) {
      this.#faults.set(kind, (this.#faults.get(kind) ?? 0) + count)
    }
  }

  /** The last one is the summary that the continuous integration reads. */
  lines(): string[] {
    const realSeconds = Number(process.hrtime.bigint() - this.#startedAt) / 1e9
    const simulatedSeconds = this.#simulatedMs / 1_000
    const { acknowledged, acknowledgedByLeader, unconfirmed, refused, unknown } = this.#tally
    const { read, resets } = this.#tally
    const kinds = [...this.#faults].sort((a, b) => b[1] - a[1])
    const faults = kinds.reduce((sum, [, count]) => sum + count, 0)
    return [
      `${faults} faults: ${kinds.map(([kind, count]) => `${kind} ${count}`).join(', ')}`,
      `${acknowledged} writes acknowledged by all, ${acknowledgedByLeader} by the leader, ` +
        `${unconfirmed} unconfirmed, ${refused} refused, ${unknown} unknown`,
      `${read} records read, ${resets} times a consumer was overtaken by retention`,
      `${simulatedSeconds.toFixed(0)} s simulated in ${realSeconds.toFixed(1)} s: ` +
        `${(simulatedSeconds / realSeconds).toFixed(0)} a second`,
      `${this.passed} passed, ${this.failed} failed`,
    ]
  }
}

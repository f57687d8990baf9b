import type { SeedReport } from './run-seed.ts'

/** What all seeds of a run came to. */
export class Totals {
  readonly #startedAt = process.hrtime.bigint()
  readonly #faults = new Map<string, number>()
  #simulatedMs = 0
  #processed = 0
  #repeated = 0
  #commits = 0
  #handovers = 0
  passed = 0
  failed = 0

  add(report: SeedReport): void {
    if (report.failure === null) this.passed += 1
    else this.failed += 1
    this.#simulatedMs += report.simulatedMs
    this.#processed += report.processed
    this.#repeated += report.repeated
    this.#commits += report.commits
    this.#handovers += report.handovers
    for (const [kind, count] of report.faults) {
      this.#faults.set(kind, (this.#faults.get(kind) ?? 0) + count)
    }
  }

  /** The last one is the summary that the continuous integration reads. */
  lines(): string[] {
    const realSeconds = Number(process.hrtime.bigint() - this.#startedAt) / 1e9
    const simulatedSeconds = this.#simulatedMs / 1_000
    const kinds = [...this.#faults].sort((a, b) => b[1] - a[1])
    const faults = kinds.reduce((sum, [, count]) => sum + count, 0)
    return [
      `${faults} faults: ${kinds.map(([kind, count]) => `${kind} ${count}`).join(', ')}`,
      `${this.#processed} records processed, ${this.#repeated} of them more than once, ` +
        `${this.#commits} offsets committed, ${this.#handovers} partitions handed over`,
      `${simulatedSeconds.toFixed(0)} s simulated in ${realSeconds.toFixed(1)} s: ` +
        `${(simulatedSeconds / realSeconds).toFixed(0)} a second`,
      `${this.passed} passed, ${this.failed} failed`,
    ]
  }
}

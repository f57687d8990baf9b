import { existsSync, readFileSync } from 'node:fs'

export interface Tally {
  readonly passed: number
  readonly failed: number
}

/**
 * Of a vitest JSON report. A missing one, or one without a test, is a failure: nothing was shown.
 */
export function tallyOfReport(path: string, status: number): Tally {
  if (!existsSync(path)) return { passed: 0, failed: 1 }
  const report: unknown = JSON.parse(readFileSync(path, 'utf8'))
  const passed = numberOf(report, 'numPassedTests')
  const failed = numberOf(report, 'numFailedTests')
  const brokeOutsideTests = status !== 0 && failed === 0
  return { passed, failed: brokeOutsideTests || passed + failed === 0 ? failed + 1 : failed }
}

/**
 * Of the closing line "N passed, N failed"; without one the exit status must not pass for success.
 */
export function tallyOfSummary(output: string, status: number): Tally {
  const match = [
    ...output.matchAll(/^(?:\w+: )?(\d+) passed, (\d+) failed(?:, \d+ skipped)?$/gm),
  ].at(-1)
  if (match === undefined) return { passed: 0, failed: 1 }
  const [passed, failed] = [Number(match[1]), Number(match[2])]
  return { passed, failed: status !== 0 && failed === 0 ? 1 : failed }
}

export function tallyOfExit(status: number): Tally {
  return status === 0 ? { passed: 1, failed: 0 } : { passed: 0, failed: 1 }
}

function numberOf(report: unknown, name: string): number {
  if (typeof report !== 'object' || report === null) return 0
  return Number(new Map(Object.entries(report)).get(name) ?? 0)
}

import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, describe, expect, it } from 'vitest'
import { tallyOfReport, tallyOfSummary } from './tally.ts'

const directory = mkdtempSync(join(tmpdir(), 'courant-tally-'))
afterAll(() => rmSync(directory, { recursive: true }))

describe('the tally of a suite', () => {
  it('counts a run without a report, or without a test, as failed', () => {
    const empty = join(directory, 'empty.json')
    writeFileSync(empty, JSON.stringify({ numPassedTests: 0, numFailedTests: 0 }))
    expect(tallyOfReport(join(directory, 'none.json'), 0)).toEqual({ passed: 0, failed: 1 })
    expect(tallyOfReport(empty, 0)).toEqual({ passed: 0, failed: 1 })
  })

  it('counts a run whose tests passed but whose process failed as failed', () => {
    const path = join(directory, 'report.json')
    writeFileSync(path, JSON.stringify({ numPassedTests: 3, numFailedTests: 0 }))
    expect(tallyOfReport(path, 1)).toEqual({ passed: 3, failed: 1 })
    expect(tallyOfReport(path, 0)).toEqual({ passed: 3, failed: 0 })
  })

  it('reads the last summary line only, and takes none for failure', () => {
    expect(tallyOfSummary('1 passed, 0 failed\n5 passed, 2 failed\n', 1)).toEqual({
      passed: 5,
      failed: 2,
    })
    expect(tallyOfSummary('all good\n', 0)).toEqual({ passed: 0, failed: 1 })
    expect(tallyOfSummary('3 passed, 0 failed\n', 1)).toEqual({ passed: 3, failed: 1 })
  })
})

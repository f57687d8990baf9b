/**
 * Goal: what was acknowledged is there after any crash, once, in order; what was durably removed
 * does not come back; damage is never served as records. Method: `simulation/` runs random
 * histories against a shadow on a simulated disk; `long-run.ts` runs more of them.
 */
import { describe, expect, it } from 'vitest'
import { directedHistories } from './simulation/directed.ts'
import { runSeed } from './simulation/run-seed.ts'

describe('a log directory on a disk that fails', () => {
  it('keeps its promises through random histories of ten lives', async () => {
    for (let seed = 1; seed <= 30; seed += 1) await runSeed(seed, { lives: 10, steps: 60 })
  }, 120_000)

  it.each([101, 104])(
    'keeps them when it dies at any one call to the disk (seed %i)',
    async (seed) => {
      const options = { lives: 3, steps: 80 }
      const never = Number.MAX_SAFE_INTEGER
      const { firstCalls } = await runSeed(seed, { ...options, crashAtCall: never })
      expect(firstCalls).toBeGreaterThan(100)
      for (let crashAtCall = 1; crashAtCall <= firstCalls; crashAtCall += 1) {
        await runSeed(seed, { ...options, crashAtCall })
      }
    },
    120_000,
  )

  it.each(directedHistories)('keeps them when $name', ({ run }) => run())

  it('runs the same from the same seed', async () => {
    const options = { lives: 5, steps: 40 }
    expect((await runSeed(7, options)).trace).toBe((await runSeed(7, options)).trace)
  })
})

/**
 * Goal: what the simulation of a cluster shows of its in-memory control plane is true of the real
 * one. Method: random histories of calls on both, the real one on a real PostgreSQL whose clock is
 * the test's; after every call answers and all rows have to be the same. The longer run is
 * `model-equivalence.e2e.ts`.
 */
import { afterAll, beforeAll, expect, it } from 'vitest'
import { compareSeeds } from './equivalence/compare-seeds.ts'
import { Coverage } from './equivalence/coverage.ts'
import { RealDatabase } from './equivalence/real-side.ts'
import { cleanUp, databases, onCleanUp } from './fixture.ts'

/** The planted bugs are looked for in more. */
const SEEDS = Number(process.env['EQUIVALENCE_SEEDS'] ?? 3)

let real: RealDatabase

beforeAll(async () => {
  real = await RealDatabase.open(await databases.create())
  onCleanUp(() => real.close())
})
afterAll(async () => {
  await cleanUp()
  await databases.close()
})

it('answers and rows are those of the real control plane', { timeout: 120_000 }, async () => {
  const failure = await compareSeeds(real, { seeds: SEEDS, first: 1, steps: 80 }, new Coverage())
  expect(failure).toBe(null)
})

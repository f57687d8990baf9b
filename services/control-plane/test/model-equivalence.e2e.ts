/** As `model-equivalence.test.ts`, on more histories, which have to have met what matters. */
import { startTestPostgres } from '@courant/testkit'
import { expect, it, onTestFinished } from 'vitest'
import { MIGRATIONS_DIRECTORY, migrate } from '../src/migrations/migrator.ts'
import { compareSeeds, STEPS } from './equivalence/compare-seeds.ts'
import { Coverage } from './equivalence/coverage.ts'
import { RealDatabase } from './equivalence/real-side.ts'

const SEEDS = 30
/** Rare, and each the reason for some line of the model. */
const MET = [
  'a partition without a leader',
  'an eligible replica',
  'an eligible replica that nothing vouches for',
  'a last known eligible replica',
  'an unclean term',
  'a partition that moves',
  'fewer in sync than the minimum',
  'a broker to be emptied',
  'a broker that is fenced',
  'a broker that is draining',
  'registerBroker DUPLICATE_BROKER',
  'registerBroker CONTROL_PLANE_UNAVAILABLE',
  'alterPartitions INELIGIBLE_REPLICA',
  'alterPartitions INVALID_UPDATE_VERSION',
  'alterPartitions done',
  'reassignPartitions done',
  'cancelReassignments done',
  'electUncleanLeader answer',
  'deleteTopic answer',
  'addPartitions answer',
  'removeBroker answer',
]

it('the model is the real control plane, in whatever state', async () => {
  const postgres = await startTestPostgres({
    prepare: async (url) => {
      await migrate(url, MIGRATIONS_DIRECTORY)
    },
  })
  onTestFinished(() => postgres.stop())
  const real = await RealDatabase.open(await postgres.createDatabase())
  onTestFinished(() => real.close())
  const coverage = new Coverage()
  const failure = await compareSeeds(real, { seeds: SEEDS, first: 1, steps: STEPS }, coverage)
  expect(failure).toBe(null)
  expect(MET.filter((what) => !coverage.counts.has(what))).toEqual([])
})

/** A thread that runs its share of the seeds, one after the other. */
import { parentPort, workerData } from 'node:worker_threads'
import { type RunOptions, runSeed, type SeedReport } from './run-seed.ts'

export interface Share {
  readonly seeds: readonly number[]
  readonly options: RunOptions
}

/** Every so many seeds one is run twice: a run that is not the same again proves nothing. */
const TWICE_EVERY = 20

const { seeds, options } = workerData as Share
for (const seed of seeds) parentPort?.postMessage(await report(seed))

async function report(seed: number): Promise<SeedReport> {
  const first = await runSeed(seed, options)
  if (first.failure !== null || seed % TWICE_EVERY !== 0) return first
  const second = await runSeed(seed, options)
  const isSame = second.trace === first.trace && second.events === first.events
  return isSame ? first : { ...first, failure: 'the same seed ran differently' }
}

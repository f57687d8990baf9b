/** A thread that runs one seed after the other, as it is asked to. */
import { parentPort } from 'node:worker_threads'
import { runSeed, type SeedReport } from '../run-seed.ts'
import type { Task } from './workers.ts'

/** Every so many seeds one is run twice: a run that is not the same again proves nothing. */
const TWICE_EVERY = 20

parentPort?.on('message', async (task: Task) => {
  parentPort?.postMessage(await report(task))
})

async function report({ seed, options }: Task): Promise<SeedReport> {
  const first = await runSeed(seed, options)
  if (first.failure !== null || seed % TWICE_EVERY !== 0) return first
  const second = await runSeed(seed, options)
  const isSame = second.trace === first.trace && second.events === first.events
  return isSame ? first : { ...first, failure: 'the same seed ran differently' }
}

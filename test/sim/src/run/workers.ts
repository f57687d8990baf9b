import { Worker } from 'node:worker_threads'
import type { RunOptions, SeedReport } from '../run-seed.ts'

export interface Task {
  readonly seed: number
  readonly options: RunOptions
}

/**
 * Runs seeds on so many threads, each in a history of its own. `onReport` says whether to go on.
 * Rejects when a thread ends without an answer.
 */
export async function runOnWorkers(
  seeds: readonly number[],
  options: RunOptions,
  count: number,
  onReport: (report: SeedReport) => boolean,
): Promise<void> {
  const waiting = [...seeds].reverse()
  let goesOn = true
  const work = async (): Promise<void> => {
    const worker = new Worker(new URL('worker.ts', import.meta.url))
    try {
      while (goesOn) {
        const seed = waiting.pop()
        if (seed === undefined) return
        goesOn = onReport(await ask(worker, { seed, options })) && goesOn
      }
    } finally {
      await worker.terminate()
    }
  }
  await Promise.all(Array.from({ length: Math.min(count, seeds.length) }, work))
}

function ask(worker: Worker, task: Task): Promise<SeedReport> {
  return new Promise((resolve, reject) => {
    const onMessage = (report: SeedReport): void => finish(() => resolve(report))
    const onError = (error: Error): void => finish(() => reject(error))
    const onExit = (): void => {
      finish(() => reject(new Error(`seed ${task.seed} has ended its thread`)))
    }
    const finish = (settle: () => void): void => {
      worker.off('message', onMessage).off('error', onError).off('exit', onExit)
      settle()
    }
    worker.on('message', onMessage).on('error', onError).on('exit', onExit)
    worker.postMessage(task)
  })
}

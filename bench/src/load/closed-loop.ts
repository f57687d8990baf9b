import { Latencies, type LatencySummary } from '../harness/statistics.ts'

export interface ClosedLoop {
  /** Each has one append under way, and starts the next when it has returned. */
  readonly waiters: number
  readonly seconds: number
}

export interface LoopResult {
  readonly perSecond: number
  readonly latency: LatencySummary
}

/** Drives `append` from many waiters for a while. `waiter` and `turn` count from 0. */
export async function runClosedLoop(
  { waiters, seconds }: ClosedLoop,
  append: (waiter: number, turn: number) => Promise<unknown>,
): Promise<LoopResult> {
  const latencies = new Latencies()
  const started = performance.now()
  const end = started + seconds * 1000
  let completed = 0
  const wait = async (waiter: number): Promise<void> => {
    let before = performance.now()
    for (let turn = 0; before < end; turn++) {
      await append(waiter, turn)
      const after = performance.now()
      latencies.record(after - before)
      completed++
      before = after
    }
  }
  await Promise.all(Array.from({ length: waiters }, (_, waiter) => wait(waiter)))
  const elapsedSeconds = (performance.now() - started) / 1000
  return { perSecond: completed / elapsedSeconds, latency: latencies.summary() }
}

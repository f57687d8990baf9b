/** Worker: what a process holds for partitions that were used, checkpointed, and then silent. */
import { readdirSync } from 'node:fs'
import { leaderEpoch } from '@courant/kernel'
import type { LogDirectory } from '@courant/log'
import { batchOfSize } from '../load/batches.ts'
import { createPartitions, type EnginePlace, openEngine } from './open-engine.ts'

export interface IdleSetup extends EnginePlace {
  readonly partitions: number
}

/** Of one partition. */
export interface IdleCost {
  readonly heapBytes: number
  readonly descriptors: number
  readonly timers: number
}

const APPEND_BYTES = 200

/**
 * The cost of the second half of the partitions, so that what the process itself holds, and caches
 * that are full (descriptors, for one), do not count. Each has a checkpointed batch, which stays in
 * the tail cache: its place there is part of the figure, its bytes belong to the cache's budget.
 */
export async function idleCost(setup: IdleSetup): Promise<IdleCost> {
  const engine = await openEngine(setup)
  const half = Math.floor(setup.partitions / 2)
  await useOnce(engine, half)
  const before = held()
  await useOnce(engine, half)
  const after = held()
  return {
    heapBytes: (after.heapBytes - before.heapBytes) / half,
    descriptors: (after.descriptors - before.descriptors) / half,
    timers: (after.timers - before.timers) / half,
  }
}

async function useOnce(engine: LogDirectory, count: number): Promise<void> {
  const batches = batchOfSize(APPEND_BYTES)
  const logs = await createPartitions(engine, count)
  await Promise.all(logs.map((log) => log.append({ batches, leaderEpoch: leaderEpoch(0) }).durable))
  for (const log of logs) log.advanceHighWatermark(log.durableEnd)
  await engine.checkpoint()
}

function held(): IdleCost {
  // Twice: the first collection only queues what has finalisers.
  globalThis.gc?.()
  globalThis.gc?.()
  return {
    heapBytes: process.memoryUsage().heapUsed,
    descriptors: openDescriptors(),
    timers: process.getActiveResourcesInfo().filter((name) => name === 'Timeout').length,
  }
}

/** NaN where the system does not tell. */
function openDescriptors(): number {
  try {
    return readdirSync('/proc/self/fd').length
  } catch {
    return Number.NaN
  }
}

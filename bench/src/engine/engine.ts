/** Worker: the storage engine under a closed loop of appends. */
import { leaderEpoch } from '@courant/kernel'
import type { LogDirectory, PartitionLog } from '@courant/log'
import { batchOfSize } from '../load/batches.ts'
import { type ClosedLoop, type LoopResult, runClosedLoop } from '../load/closed-loop.ts'
import { createPartitions, type EnginePlace, openEngine, ringFilled } from './open-engine.ts'

export interface EngineSetup extends EnginePlace {
  readonly partitions: number
}

export interface EngineAppends extends ClosedLoop {
  /** The size of each batch, which holds one record. */
  readonly appendBytes: number
  /** Over so many of the partitions the appends go in turn. */
  readonly partitions: number
}

export interface EngineBulk {
  readonly batchBytes: number
  readonly totalBytes: number
  readonly inFlight: number
}

const EPOCH = leaderEpoch(0)

let engine: LogDirectory
let logs: readonly PartitionLog[]

export async function open(setup: EngineSetup): Promise<void> {
  engine = await openEngine(setup)
  logs = await createPartitions(engine, setup.partitions)
  await ringFilled(setup)
}

/** Appends for a while, each durable before its waiter goes on. Checkpoints run as they come. */
export async function append(load: EngineAppends): Promise<LoopResult> {
  const batches = batchOfSize(load.appendBytes)
  const targets = logs.slice(0, load.partitions)
  const { waiters } = load
  const result = await runClosedLoop(load, (waiter, turn) => {
    const log = targets[(waiter + turn * waiters) % targets.length] as PartitionLog
    return log.append({ batches, leaderEpoch: EPOCH }).durable
  })
  await trim(targets)
  return result
}

/** Bytes a second until the last of them is in a synced segment file and the ring is free. */
export async function appendAll({ batchBytes, totalBytes, inFlight }: EngineBulk): Promise<number> {
  const batches = batchOfSize(batchBytes)
  const [log] = logs as [PartitionLog]
  let left = Math.floor(totalBytes / batchBytes)
  const started = performance.now()
  const waiter = async (): Promise<void> => {
    while (left > 0) {
      left--
      await log.append({ batches, leaderEpoch: EPOCH }).durable
    }
  }
  await Promise.all(Array.from({ length: inFlight }, waiter))
  await engine.checkpoint()
  const seconds = (performance.now() - started) / 1000
  await trim([log])
  return totalBytes / seconds
}

/** Between rounds, so that none begins with the checkpoints or the files of the one before. */
async function trim(used: readonly PartitionLog[]): Promise<void> {
  await engine.checkpoint()
  await Promise.all(
    used.map(async (log) => {
      log.advanceHighWatermark(log.durableEnd)
      await log.advanceLogStart(log.durableEnd)
    }),
  )
  await engine.checkpoint()
}

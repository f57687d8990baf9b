/** Worker: fills the ring of an engine that is then killed, and recovers such a directory. */
import { leaderEpoch } from '@courant/kernel'
import type { LogDirectory, PartitionLog, Storage } from '@courant/log'
import { batchOfSize } from '../load/batches.ts'
import { createPartitions, type EnginePlace, openEngine, ringFilled } from './open-engine.ts'

export interface RingFill extends EnginePlace {
  readonly partitions: number
  readonly appendBytes: number
}

export interface RecoveryTimes {
  /** Until reads and appends are served. */
  readonly servingSeconds: number
  /** Until all that the ring held is in synced segment files, and the ring free. */
  readonly savedSeconds: number
}

const EPOCH = leaderEpoch(0)
const WAITERS = 64

/**
 * Appends until the ring has no room left, which takes checkpoints that never end. Returns the
 * bytes of the ring that recovery has to read. The process is to be killed then.
 */
export async function fillRing(fill: RingFill): Promise<{ readonly liveBytes: number }> {
  const engine = await openEngine(fill, withoutSegmentFiles)
  const logs = await createPartitions(engine, fill.partitions)
  await ringFilled(fill)
  const batches = batchOfSize(fill.appendBytes)
  let next = 0
  const waiter = async (): Promise<void> => {
    while (hasRoom(engine, WAITERS * fill.appendBytes)) {
      const log = logs[next++ % logs.length] as PartitionLog
      await log.append({ batches, leaderEpoch: EPOCH }).durable
    }
  }
  await Promise.all(Array.from({ length: WAITERS }, waiter))
  return { liveBytes: engine.metrics().ringUsedBytes }
}

export async function recover(place: EnginePlace): Promise<RecoveryTimes> {
  const started = performance.now()
  const engine = await openEngine(place)
  const serving = performance.now()
  await engine.checkpoint()
  const saved = performance.now()
  return { servingSeconds: (serving - started) / 1000, savedSeconds: (saved - started) / 1000 }
}

/** For two cycles more: the one under way and the one that gathers. */
function hasRoom(engine: LogDirectory, cycleBytes: number): boolean {
  const { ringBytes, ringUsedBytes } = engine.metrics()
  return ringUsedBytes + 3 * cycleBytes < ringBytes
}

/** A disk on which segment files are never opened, so that no checkpoint frees the ring. */
function withoutSegmentFiles(storage: Storage): Storage {
  return {
    open: (path, mode) =>
      path.startsWith('partitions/') ? new Promise(() => undefined) : storage.open(path, mode),
    list: (directory) => storage.list(directory),
    makeDirectory: (path) => storage.makeDirectory(path),
    rename: (from, to) => storage.rename(from, to),
    remove: (path) => storage.remove(path),
    removeDirectory: (path) => storage.removeDirectory(path),
    syncDirectory: (path) => storage.syncDirectory(path),
    freeBytes: () => storage.freeBytes(),
    lock: () => storage.lock(),
  }
}

import { randomUUID } from 'node:crypto'
import { stat } from 'node:fs/promises'
import { join } from 'node:path'
import { partitionIndex, systemClock, systemRandom, topicId } from '@courant/kernel'
import {
  type LogConfig,
  type LogDirectory,
  openLogDirectory,
  openNodeStorage,
  type PartitionLog,
  type Storage,
} from '@courant/log'

export interface EnginePlace {
  readonly directory: string
  readonly ringBytes: number
}

/** Segments roll now and then, as in production, and what the suites trim between rounds can go. */
export const logConfig: LogConfig = {
  segmentBytes: 16 << 20,
  segmentMs: 7 * 24 * 3_600_000,
  retentionMs: -1,
  retentionBytes: -1,
}

/** The storage engine as a broker opens it. A disk error ends the process and so the suite. */
export async function openEngine(
  { directory, ringBytes }: EnginePlace,
  wrap: (storage: Storage) => Storage = (storage) => storage,
): Promise<LogDirectory> {
  return await openLogDirectory({
    storage: wrap(await openNodeStorage(directory)),
    clock: systemClock,
    random: systemRandom,
    ringBytes,
    onOffline: (cause) => {
      throw cause
    },
  })
}

/** Waits until the ring is filled with zeros: what a broker is like all its life. */
export async function ringFilled({ directory, ringBytes }: EnginePlace): Promise<void> {
  while ((await stat(join(directory, 'ring'))).size < ringBytes) {
    await new Promise((resolve) => setTimeout(resolve, 20))
  }
}

/** Creates the partitions of a new topic. */
export async function createPartitions(
  engine: LogDirectory,
  count: number,
): Promise<PartitionLog[]> {
  const topic = topicId(randomUUID())
  const indexes = Array.from({ length: count }, (_, index) => partitionIndex(index))
  return await Promise.all(indexes.map((index) => engine.create(topic, index, logConfig)))
}

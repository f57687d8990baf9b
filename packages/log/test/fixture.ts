import { cp, mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import {
  type LeaderEpoch,
  type Offset,
  type PartitionIndex,
  SeededRandom,
  systemClock,
  type TopicId,
} from '@courant/kernel'
import {
  type ProducerStamp,
  RecordBatchBuilder,
  RecordCursor,
  recordBatches,
  recordSource,
} from '@courant/record-batch'
import { afterEach } from 'vitest'
import {
  type LogConfig,
  type LogDirectory,
  type LogDirectoryOptions,
  openLogDirectory,
  openNodeStorage,
  type PartitionLog,
} from '../src/index.ts'

export const topic = '11111111-2222-4333-8444-555555555555' as TopicId
export const first = 0 as PartitionIndex
export const epoch0 = 0 as LeaderEpoch
export const at = (value: number): Offset => value as Offset

export const config: LogConfig = {
  segmentBytes: 1024 * 1024,
  segmentMs: 3_600_000,
  retentionMs: -1,
  retentionBytes: -1,
}

const cleanups: (() => Promise<void>)[] = []

afterEach(async () => {
  for (const cleanup of cleanups.splice(0).reverse()) await cleanup()
})

export async function newRoot(): Promise<string> {
  const root = await mkdtemp(join(tmpdir(), 'courant-log-'))
  cleanups.push(() => rm(root, { recursive: true, force: true }))
  return root
}

/** A directory as a power cut would leave it, if every write until now had reached the disk. */
export async function crashed(root: string): Promise<string> {
  const copy = await newRoot()
  await cp(root, copy, { recursive: true, filter: (path) => !/\/lock(-journal)?$/.test(path) })
  return copy
}

export async function openAt(
  root: string,
  options: Partial<LogDirectoryOptions> = {},
): Promise<LogDirectory> {
  const directory = await openLogDirectory({
    storage: await openNodeStorage(root),
    clock: systemClock,
    random: new SeededRandom(1),
    ringBytes: 1024 * 1024,
    freeBytesMin: 0,
    onMemoryReused: (memory) => memory.fill(0xdb),
    ...options,
  })
  cleanups.push(() => directory.close())
  return directory
}

/** A batch of records with these values. */
export function batchOf(
  values: readonly string[],
  timestamp = 1_000,
  producer?: ProducerStamp,
): Buffer {
  const builder = new RecordBatchBuilder(256)
  for (const value of values) {
    builder.append(recordSource({ timestamp, key: null, value: Buffer.from(value), headers: [] }))
  }
  return builder.seal('none', producer)
}

export async function append(log: PartitionLog, ...values: string[]): Promise<number> {
  const { baseOffset, durable } = log.append({ batches: batchOf(values), leaderEpoch: epoch0 })
  await durable
  log.advanceHighWatermark(log.durableEnd)
  return baseOffset
}

/** Every value from `offset` to the end, by as many reads as it takes. */
export async function readAll(log: PartitionLog, offset: number = log.logStartOffset) {
  const values: string[] = []
  let next = at(offset)
  while (next < log.appendedEnd) {
    const end = log.appendedEnd
    const result = await log.read({ offset: next, maxBytes: 64 * 1024, end, first: 'whole' })
    for (const chunk of result.chunks) {
      for (const batch of recordBatches(chunk)) {
        batch.verify()
        const cursor = new RecordCursor(batch)
        while (cursor.next()) {
          if (cursor.offset < offset) continue
          if (cursor.offset !== offset + values.length) throw new Error('a gap')
          values.push(cursor.bytes.toString('utf8', cursor.valueStart, cursor.valueEnd))
        }
      }
    }
    result.release()
    if (result.nextOffset <= next) throw new Error('no progress')
    next = result.nextOffset
  }
  return values
}

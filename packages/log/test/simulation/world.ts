import type { LeaderEpoch, Offset, PartitionIndex, TopicId } from '@courant/kernel'
import { SeededRandom } from '@courant/kernel'
import {
  type RecordBatch,
  RecordBatchBuilder,
  recordBatches,
  recordSource,
} from '@courant/record-batch'
import {
  type AppendRequest,
  type LogConfig,
  type LogDirectory,
  openLogDirectory,
  type PartitionLog,
} from '../../src/index.ts'
import type { SentBatch } from './producers.ts'
import { Shadow, type ShadowBatch } from './shadow.ts'
import { SimClock } from './sim-clock.ts'
import { SimDisk } from './sim-disk.ts'
import type { SimStorage } from './sim-storage.ts'

export const PARTITIONS = [0, 1, 2, 3] as const
export const TOPIC = '11111111-2222-4333-8444-555555555555' as TopicId
const RING_BYTES = [64, 96, 160] as const
const SEGMENT_BYTES = [6_000, 20_000, 90_000] as const
const CACHE_BYTES = [0, 0, 10_000, 1_000_000] as const

/** What outlives a process: the disk, the time, what was promised, and how it was set up. */
export class World {
  readonly random: SeededRandom
  readonly clock = new SimClock()
  readonly shadow = new Shadow(PARTITIONS)
  disk = new SimDisk()
  /** The newest epoch that was ever given to the engine. */
  epochMax = 0
  trace = 0
  readonly config: LogConfig
  readonly #ringBytes: number
  readonly #tailCacheBytes: number

  constructor(seed: number) {
    this.random = new SeededRandom(seed)
    const { random } = this
    this.#ringBytes = this.pick(RING_BYTES) * 1024
    this.#tailCacheBytes = this.pick(CACHE_BYTES)
    this.config = {
      segmentBytes: this.pick(SEGMENT_BYTES),
      segmentMs: random.below(3) === 0 ? 60_000 : 1e15,
      retentionMs: random.below(4) === 0 ? 200_000 : -1,
      retentionBytes: random.below(4) === 0 ? 30_000 : -1,
    }
  }

  pick<Item>(items: readonly Item[]): Item {
    const item = items[this.random.below(items.length)]
    if (item === undefined) throw new Error('nothing to pick')
    return item
  }

  openOn(storage: SimStorage, onOffline: () => void = () => undefined): Promise<LogDirectory> {
    return openLogDirectory({
      storage,
      clock: this.clock,
      random: new SeededRandom(this.random.below(2 ** 32)),
      ringBytes: this.#ringBytes,
      tailCacheBytes: this.#tailCacheBytes,
      openFilesMax: 4,
      checkpointsInFlightMax: 2,
      freeBytesMin: 1_000_000,
      onMemoryReused: (memory) => memory.fill(0xdb),
      onOffline,
    })
  }
}

export function findLog(directory: LogDirectory, partition: number): PartitionLog | null {
  return directory.find(TOPIC, partition as PartitionIndex)
}

/** Whole batches in one buffer, and what the shadow will call them from `base` on. */
export function someBatches(
  { random, clock }: World,
  base: number,
  epoch: number,
): { readonly bytes: Buffer; readonly shadow: readonly ShadowBatch[] } {
  const count = 1 + random.below(3)
  const built = Array.from({ length: count }, () => {
    const valueBytes = [20, 300, 2_500, 6_000][random.below(4)] ?? 20
    return aBatch(random, 1 + random.below(3), 1 + random.below(valueBytes), clock.now())
  })
  const fitting = built.filter((_, index) => {
    return built.slice(0, index + 1).reduce((sum, { length }) => sum + length, 0) < 12_000
  })
  const bytes = Buffer.concat(fitting.length === 0 ? [aBatch(random, 1, 9, clock.now())] : fitting)
  return { bytes, shadow: shadowOf(bytes, base, epoch) }
}

/** As another replica sends them: with the offsets and the epoch that its leader gave. */
export function stamped({ batches, leaderEpoch }: AppendRequest, base: number): Buffer {
  const copy = Buffer.from(batches)
  let next = offsetOf(base)
  for (const batch of recordBatches(copy)) {
    batch.stampBaseOffset(next)
    batch.stampLeaderEpoch(leaderEpoch)
    next = batch.nextOffset
  }
  return copy
}

export function shadowOf(bytes: Buffer, base: number, epoch: number): ShadowBatch[] {
  let next = base
  return [...recordBatches(bytes)].map((batch) => {
    const start = next
    next += batch.lastOffsetDelta + 1
    const { crc, maxTimestamp: timestamp } = batch
    return { base: start, next, epoch, crc, timestamp, sent: sentOf(batch) }
  })
}

export function sentOf(batch: RecordBatch): SentBatch | null {
  const { producerId, producerEpoch: epoch, baseSequence: sequence, recordCount: records } = batch
  return producerId < 0 ? null : { producerId, epoch, sequence, records }
}

function aBatch(random: SeededRandom, records: number, valueBytes: number, now: number): Buffer {
  const builder = new RecordBatchBuilder(256)
  const timestamp = now - random.below(30_000)
  for (let index = 0; index < records; index += 1) {
    const value = Buffer.alloc(valueBytes + 4, random.below(256))
    value.writeUInt32LE(random.below(2 ** 32), 0)
    builder.append(recordSource({ timestamp, key: null, value, headers: [] }))
  }
  return builder.seal()
}

export const offsetOf = (value: number): Offset => value as Offset
export const epochOf = (value: number): LeaderEpoch => value as LeaderEpoch

import { limits, SeededRandom } from '@courant/kernel'
import {
  RecordBatch,
  RecordBatchBuilder,
  recordSource,
  type SupportedCompression,
} from '@courant/record-batch'
import { describe, expect, it } from 'vitest'
import type { HeaviestKeys } from './heaviest-keys.ts'
import { KeySampling } from './key-sampling.ts'
import { PartitionKeys } from './partition-keys.ts'

interface Entry {
  readonly key: string | null
  readonly bytes: number
}

function batchOf(entries: readonly Entry[], compression: SupportedCompression = 'none') {
  const builder = new RecordBatchBuilder(1_024)
  for (const { key, bytes } of entries) {
    const value = Buffer.alloc(bytes, 'v')
    const from = key === null ? null : Buffer.from(key)
    builder.append(recordSource({ timestamp: 1, key: from, value, headers: [] }))
  }
  return new RecordBatch(builder.seal(compression))
}

/** A partition's keys, and a clock that goes on with every batch. */
class Written {
  readonly sampling = new KeySampling()
  readonly keys = new PartitionKeys(this.sampling)
  nowMs = 1_764_000_000_000
  records = 0
  bytes = 0

  append(batch: RecordBatch, thenMs = 80): void {
    this.keys.appended(batch, batch.recordCount, this.nowMs)
    this.records += batch.recordCount
    this.bytes += batch.size
    this.nowMs += thenMs
  }

  get heaviest(): HeaviestKeys {
    const heaviest = this.keys.heaviest(this.nowMs, 16)
    if (heaviest === null) throw new Error('nothing is known')
    return heaviest
  }
}

const light = (index: number): Entry => ({ key: `light-${index}`, bytes: 100 })

describe('the keys of a partition', () => {
  it('are told with their shares, the heaviest first, and with totals that are exact', () => {
    const written = new Written()
    for (let round = 0; round < 50; round += 1) {
      const hot = Array.from({ length: 30 }, () => ({ key: 'hot', bytes: 100 }))
      const others = Array.from({ length: 70 }, (_, index) => light(round * 70 + index))
      written.append(batchOf([...hot, ...others]))
    }
    const { heaviest } = written
    expect(heaviest.records).toBe(written.records)
    expect(heaviest.bytes).toBe(written.bytes)
    const [first, second] = heaviest.keys
    expect(first?.key.toString()).toBe('hot')
    expect(first?.records).toBe(1_500)
    expect(first?.missedLoad).toBeLessThan(160)
    expect(second?.records).toBeLessThan(10)
  })

  it('cannot hide much behind few large records, nor behind many small ones', () => {
    const written = new Written()
    for (let round = 0; round < 20; round += 1) {
      const small = Array.from({ length: 60 }, () => ({ key: 'many', bytes: 1 }))
      const large = [{ key: 'large', bytes: 20_000 }]
      const others = Array.from({ length: 40 }, (_, index) => light(round * 40 + index))
      written.append(batchOf([...small, ...large, ...others]))
    }
    const top = written.heaviest.keys.slice(0, 2).map(({ key }) => key.toString())
    expect(top.sort()).toEqual(['large', 'many'])
  })

  it('are found by a sample of large batches, also of those that are sorted', () => {
    const written = new Written()
    for (let round = 0; round < 40; round += 1) {
      const entries = Array.from({ length: 2_000 }, (_, at) =>
        at < 1_500 ? light(at) : { key: 'zhot', bytes: 100 },
      )
      written.append(batchOf(entries), 200)
    }
    const [first] = written.heaviest.keys
    expect(first?.key.toString()).toBe('zhot')
    expect((first?.records ?? 0) / written.records).toBeCloseTo(0.25, 1)
  })

  it('are found in batches with a rhythm', () => {
    const written = new Written()
    for (let round = 0; round < 20; round += 1) {
      const entries = Array.from({ length: 1_500 }, (_, at) =>
        at % 3 > 0 ? { key: 'hot', bytes: 10 } : light(at),
      )
      written.append(batchOf(entries), 500)
    }
    const [first] = written.heaviest.keys
    expect(first?.key.toString()).toBe('hot')
    expect((first?.records ?? 0) / written.records).toBeCloseTo(2 / 3, 1)
  })

  it('are found when most batches come between two looks', () => {
    const written = new Written()
    const random = new SeededRandom(5)
    for (let round = 0; round < 4_000; round += 1) {
      const isHot = random.next() < 0.4
      written.append(batchOf([isHot ? { key: 'hot', bytes: 100 } : light(round)]), 5)
    }
    const { heaviest } = written
    expect(heaviest.keys[0]?.key.toString()).toBe('hot')
    expect((heaviest.keys[0]?.records ?? 0) / heaviest.records).toBeCloseTo(0.4, 1)
  })

  it('are forgotten after two minutes', () => {
    const written = new Written()
    written.append(batchOf([{ key: 'old', bytes: 10 }]))
    written.nowMs += 61_000
    written.append(batchOf([{ key: 'new', bytes: 10 }]))
    expect(written.heaviest.keys.map(({ key }) => key.toString()).sort()).toEqual(['new', 'old'])
    written.nowMs += 61_000
    expect(written.heaviest.keys.map(({ key }) => key.toString())).toEqual(['new'])
    written.nowMs += 200_000
    expect(written.heaviest).toMatchObject({ windowMs: 0, records: 0, keys: [] })
  })

  it('go on when the clock is set back', () => {
    const written = new Written()
    written.append(batchOf([{ key: 'late', bytes: 10 }]))
    written.nowMs -= 3_600_000
    written.append(batchOf([{ key: 'early', bytes: 10 }]))
    expect(written.heaviest.keys.map(({ key }) => key.toString())).toEqual(['early'])
  })

  it('are not those of records without one, nor of batches that cost too much to look into', () => {
    const written = new Written()
    written.append(batchOf([{ key: null, bytes: 10 }, light(1)]), 100)
    written.append(batchOf([light(1)], 'zstd'), 100)
    const bomb = batchOf([{ key: 'bomb', bytes: 1_000_000 }], 'zstd')
    expect(bomb.size).toBeLessThan(16 * 1_024)
    written.append(bomb)
    const { heaviest } = written
    expect(heaviest).toMatchObject({ records: 3, keylessRecords: 1, unseenRecords: 1 })
    expect(heaviest.keys.map(({ key }) => key.toString())).toEqual(['light-1'])
  })

  it('are unknown of bytes that are no records, and the append goes on', () => {
    const written = new Written()
    const batch = batchOf([light(1)])
    batch.buffer.fill(0xff, 61)
    written.append(batch)
    expect(written.heaviest).toMatchObject({ records: 0, unseenRecords: 1, keys: [] })
  })
})

describe('the keys of many partitions', () => {
  it('have a bounded number of places, which partitions at rest leave to others', () => {
    const sampling = new KeySampling()
    const batch = batchOf([light(1)])
    const start = 1_764_000_000_000
    const partitions = Array.from({ length: limits.sketchedPartitionsMax + 1 }, (_, index) => {
      const keys = new PartitionKeys(sampling)
      keys.appended(batch, 1, start + index)
      return keys
    })
    const last = partitions.at(-1)
    const first = partitions[0]
    expect(sampling.partitionCount).toBe(limits.sketchedPartitionsMax)
    expect(last?.heaviest(start, 1)).toBeNull()
    last?.appended(batch, 1, start + 200_000)
    expect(last?.heaviest(start + 200_000, 1)?.keys).toHaveLength(1)
    expect(first?.heaviest(start + 200_000, 1)).toBeNull()
    last?.end()
    expect(sampling.partitionCount).toBe(limits.sketchedPartitionsMax - 1)
  })

  it('cost no more than their budget of records', () => {
    const sampling = new KeySampling()
    const batch = batchOf(Array.from({ length: 256 }, (_, index) => light(index)))
    const partitions = Array.from({ length: 100 }, () => new PartitionKeys(sampling))
    let looks = 0
    for (let ms = 0; ms < 1_000; ms += 1) {
      for (const keys of partitions) {
        const before = keys.lastLookMs
        keys.appended(batch, 256, 1_764_000_000_000 + ms)
        if (keys.lastLookMs !== before) looks += 1
      }
    }
    expect(looks * 256).toBeLessThanOrEqual(21_000)
  })
})

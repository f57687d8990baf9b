import fc from 'fast-check'
import { expect, test } from 'vitest'
import { mergeHeads } from './catch-up.ts'
import type { RecordLine } from './record-line.ts'

function cursor(partition: number, timestamps: readonly number[]) {
  const records = timestamps.map(
    (timestamp, offset): RecordLine => ({ partition, offset, timestamp, text: '{}' }),
  )
  return {
    get head() {
      return records[0]
    },
    take: () => void records.shift(),
    left: () => records.length,
  }
}

test('records merge by timestamp, but never against the offsets of a partition', () => {
  const timestamps = fc.array(fc.array(fc.integer({ min: 0, max: 9 }), { minLength: 1 }), {
    minLength: 1,
  })
  fc.assert(
    fc.property(timestamps, (partitions) => {
      const cursors = partitions.map((stamps, partition) => cursor(partition, stamps))
      const merged = mergeHeads(cursors)
      for (const [partition] of partitions.entries()) {
        const offsets = merged.filter((record) => record.partition === partition)
        expect(offsets.map(({ offset }) => offset)).toEqual(offsets.map((_, index) => index))
      }
      expect(cursors.some(({ left }) => left() === 0)).toBe(true)
    }),
  )
})

test('where timestamps follow the offsets, the whole is in the order of time', () => {
  const merged = mergeHeads([cursor(0, [1, 4, 9]), cursor(1, [2, 3, 10]), cursor(2, [5, 6, 11])])
  expect(merged.map(({ timestamp }) => timestamp)).toEqual([1, 2, 3, 4, 5, 6, 9])
})

test('nothing passes a partition whose next record is not known yet', () => {
  expect(mergeHeads([cursor(0, [1]), cursor(1, [])])).toEqual([])
})

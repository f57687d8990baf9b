/** Goal: a poll reads about as much as it may hand out, and never more than it may. */
import { RecordBatchBuilder, recordSource } from '@courant/record-batch'
import { expect, it } from 'vitest'
import { RecordSizes } from './record-sizes.ts'

const NAME = { tenantId: 'tenant', group: 'group' }
const BOUNDS = { maxRecords: 1_000, maxBytes: 1024 * 1024 }

function records(count: number, valueBytes: number) {
  const builder = new RecordBatchBuilder(0)
  const value = Buffer.alloc(valueBytes)
  for (let index = 0; index < count; index += 1) {
    builder.append(recordSource({ timestamp: 1, value }))
  }
  return { fetched: { records: builder.seal() } }
}

it('reads all that it may of a group that it does not know', () => {
  const sizes = new RecordSizes()
  sizes.note({ ...NAME, group: 'other' }, [records(10, 100)])
  sizes.note(NAME, [])
  expect(sizes.bytesFor(NAME, BOUNDS)).toBe(BOUNDS.maxBytes)
})

it('reads what so many records take, and half as much again', () => {
  const sizes = new RecordSizes()
  sizes.note(NAME, [records(100, 400), records(100, 200)])
  const bytes = sizes.bytesFor(NAME, BOUNDS)
  expect(bytes).toBeGreaterThan(300 * BOUNDS.maxRecords)
  expect(bytes).toBeLessThan(2 * 300 * BOUNDS.maxRecords)
  sizes.note(NAME, [records(100, 40)])
  expect(sizes.bytesFor(NAME, BOUNDS)).toBeLessThan(bytes / 2)
})

it('stays within the bounds of the poll', () => {
  const sizes = new RecordSizes()
  sizes.note(NAME, [records(1, 10_000)])
  expect(sizes.bytesFor(NAME, BOUNDS)).toBe(BOUNDS.maxBytes)
  expect(sizes.bytesFor(NAME, { ...BOUNDS, maxBytes: 5 })).toBe(5)
})

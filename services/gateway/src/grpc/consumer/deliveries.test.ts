import { RecordFormat } from '@courant/api/v1/record'
import type { TopicId } from '@courant/kernel'
import { expect, it } from 'vitest'
import { BufferPool } from '../../fetch/buffer-pool.ts'
import type { ReadPosition } from '../../groups/poll/member-positions.ts'
import { Credit } from './credit.ts'
import { deliveries } from './deliveries.ts'

const topicId = '7b0c4c3e-9a44-4d0e-8a2f-3c1f6f5f2f10' as TopicId

it('takes no memory for the delivery that turns out to be none', () => {
  const buffers = new BufferPool()
  const known = buffers.take(1_000_000)
  buffers.give(known)
  const credit = new Credit()
  credit.grant({ records: 10, bytes: 10_000_000 }, '')
  const position = { topic: 'orders', topicId, partition: 0, offset: 7 } as ReadPosition
  // The beginning of a batch that is longer.
  const records = Buffer.alloc(500_000)
  records.writeInt32BE(10_000_000, 8)
  const ends = { highWatermark: 7, lastStableOffset: 7, logStartOffset: 0 }
  const fetched = { records, ...ends, memory: 'own' as const }
  const format = RecordFormat.RECORD_FORMAT_BATCHES
  const parts = { format, maxMessageBytes: 1_000_000, credit, buffers }
  expect([...deliveries({ position, fetched }, parts)]).toEqual([])
  expect(buffers.take(1_000_000).buffer).toBe(known.buffer)
})

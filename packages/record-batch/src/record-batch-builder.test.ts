import { AssertionError } from '@courant/kernel'
import { expect, it } from 'vitest'
import { RecordBatch } from './record-batch.ts'
import { RecordBatchBuilder } from './record-batch-builder.ts'
import { recordSource } from './record-source.ts'

it('reserves once when the capacity was right', () => {
  const source = recordSource({ timestamp: 1, key: 'k', value: 'v' })
  const measured = new RecordBatchBuilder(0)
  measured.append(source)
  const exact = new RecordBatchBuilder(measured.size)
  exact.append(source)
  expect(exact.seal().buffer.byteLength).toBe(measured.size)
})

it('has the largest timestamp as its maximum, whatever the order', () => {
  const builder = new RecordBatchBuilder(0)
  for (const timestamp of [500, 900, 100]) builder.append(recordSource({ timestamp }))
  const batch = new RecordBatch(builder.seal())
  expect([batch.baseTimestamp, batch.maxTimestamp]).toEqual([500, 900])
})

it('is spent once sealed, and never seals an empty batch', () => {
  const builder = new RecordBatchBuilder(0)
  expect(() => builder.seal()).toThrow(AssertionError)
  builder.append(recordSource({ timestamp: 1 }))
  builder.seal()
  expect(() => builder.seal()).toThrow(AssertionError)
  expect(() => builder.append(recordSource({ timestamp: 1 }))).toThrow(AssertionError)
})

it('names its producer under its checksum', () => {
  const builder = new RecordBatchBuilder(0)
  for (const timestamp of [1, 2]) builder.append(recordSource({ timestamp }))
  const producer = { producerId: 2 ** 40, producerEpoch: 32_767, baseSequence: 2 ** 31 - 1 }
  const batch = new RecordBatch(builder.seal('none', producer))
  const { producerId, producerEpoch, baseSequence, lastSequence } = batch
  expect({ producerId, producerEpoch, baseSequence }).toEqual(producer)
  expect(lastSequence).toBe(0)
  expect(batch.problem()).toBeNull()
})

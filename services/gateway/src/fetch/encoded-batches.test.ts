import { limits } from '@courant/kernel'
import { RecordBatch, RecordBatchBuilder, recordSource } from '@courant/record-batch'
import { expect, it } from 'vitest'
import { EncodedBatches } from './encoded-batches.ts'

function batch(value: string): RecordBatch {
  const builder = new RecordBatchBuilder(0)
  builder.append(recordSource({ timestamp: 1, value }))
  return new RecordBatch(builder.seal())
}

function text(size: number) {
  return { text: Buffer.alloc(size), ends: Int32Array.of(size), separatorSize: 0 }
}

it('stays within its bytes and lets go of what was used longest ago', () => {
  const batches = new EncodedBatches()
  const size = limits.encodedBatchBytesMax - 1024
  const names = Array.from({ length: 40 }, (_, index) => `${index}`)
  for (const name of names) {
    batches.put('p', batch(name), text(size))
    // The first is asked for again and again, and so stays.
    expect(batches.get('p', batch('0'))).not.toBeNull()
    expect(batches.bytes).toBeLessThanOrEqual(limits.encodedBatchesBytesMax)
  }
  expect(batches.get('p', batch('1'))).toBeNull()
  expect(batches.get('p', batch('39'))).not.toBeNull()
})

it('keeps no text that would push out most of the others', () => {
  const batches = new EncodedBatches()
  batches.put('p', batch('large'), text(limits.encodedBatchBytesMax))
  expect(batches.bytes).toBe(0)
})

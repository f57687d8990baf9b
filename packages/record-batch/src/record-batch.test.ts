import { BusError } from '@courant/kernel'
import { describe, expect, it } from 'vitest'
import { crc32c } from './crc32c.ts'
import { writeInt64 } from './integers.ts'
import { RecordBatch } from './record-batch.ts'
import { RecordBatchBuilder } from './record-batch-builder.ts'
import { RecordCursor } from './record-cursor.ts'
import { recordSource } from './record-source.ts'

function built(values: readonly string[]): Buffer {
  const builder = new RecordBatchBuilder(0)
  for (const value of values) builder.append(recordSource({ timestamp: 1, value }))
  return builder.seal()
}

/** Gives the bytes a checksum that fits, as a forger would. */
function signed(bytes: Buffer): Buffer {
  bytes.writeUInt32BE(crc32c(bytes, 21), 17)
  return bytes
}

describe('a batch is refused', () => {
  it.each<[string, string, (bytes: Buffer) => void]>([
    ['a length too small for a header', 'too small', (bytes) => bytes.writeInt32BE(48, 8)],
    ['a negative length', 'too small', (bytes) => bytes.writeInt32BE(-1, 8)],
    ['a length beyond the buffer', 'cut off', (bytes) => bytes.writeInt32BE(bytes.length, 8)],
    ['a length beyond the limit', 'larger than', (bytes) => bytes.writeInt32BE(0x7fffffff, 8)],
    ['another magic', 'magic', (bytes) => bytes.writeInt8(1, 16)],
    ['a wrong checksum', 'checksum', (bytes) => bytes.writeInt8(7, 17)],
    ['a negative count', 'record count', (bytes) => bytes.writeInt32BE(-1, 57)],
    [
      'more records than bytes',
      'lie',
      (bytes) => [57, 23].map((at) => bytes.writeInt32BE(900, at)),
    ],
    ['more records than the limit', 'count', (bytes) => bytes.writeInt32BE(100_001, 57)],
    ['offsets that do not hold its records', 'delta', (bytes) => bytes.writeInt32BE(0, 23)],
    ['a negative offset', 'base offset', (bytes) => writeInt64(bytes, -1, 0)],
    ['an offset beyond 2^53', 'base offset', (bytes) => bytes.writeInt32BE(0x7fffffff, 0)],
    ['a timestamp before none', 'timestamp', (bytes) => writeInt64(bytes, -2, 27)],
    ['a timestamp beyond 2^53', 'timestamp', (bytes) => bytes.writeInt32BE(0x7fffffff, 35)],
    ['a producer id beyond 2^53', 'producer id', (bytes) => bytes.writeInt32BE(0x7fffffff, 43)],
  ])('with %s', (_, problem, change) => {
    const bytes = built(['a', 'b'])
    change(bytes)
    if (problem !== 'checksum') signed(bytes)
    const batch = new RecordBatch(bytes)
    expect(batch.problem()).toContain(problem)
    expect(() => batch.verify()).toThrow(BusError)
  })

  it('when the buffer ends within its header', () => {
    expect(() => new RecordBatch(built(['a']).subarray(0, 60))).toThrow('within its header')
    expect(() => new RecordBatch(Buffer.alloc(100), 40)).toThrow('within its header')
    expect(() => new RecordBatch(Buffer.alloc(100), -1)).toThrow('within its header')
  })
})

it('reads nothing of the batch behind it, whatever its records claim', () => {
  const first = built(['a'])
  const record = 61
  // The record and its value claim the next batch's bytes as theirs.
  first.writeInt8(0x50, record)
  first.writeInt8(0x44, record + 5)
  const both = Buffer.concat([signed(first), built(['the secret of the next batch'])])
  const cursor = new RecordCursor(new RecordBatch(both))
  expect(() => cursor.next()).toThrow('length of a record')
})

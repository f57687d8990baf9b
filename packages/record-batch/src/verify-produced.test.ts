import { expect, it } from 'vitest'
import { crc32c } from './crc32c.ts'
import { RecordBatch } from './record-batch.ts'
import { RecordBatchBuilder } from './record-batch-builder.ts'
import { recordSource } from './record-source.ts'
import { verifyProduced } from './verify-produced.ts'

/**
 * A sound batch of three records, then changed, then given a matching checksum: a clever forger.
 */
function forged(change: (bytes: Buffer) => void): RecordBatch {
  const builder = new RecordBatchBuilder(0)
  for (const key of ['a', 'b', 'c']) {
    builder.append(recordSource({ timestamp: 1, key, headers: [{ name: 'n', value: 'v' }] }))
  }
  const bytes = builder.seal()
  change(bytes)
  bytes.writeUInt32BE(crc32c(bytes, 21), 17)
  const batch = new RecordBatch(bytes)
  batch.verify()
  return batch
}

const firstRecord = 61

it('accepts what a producer builds, with or without a producer id', () => {
  verifyProduced(forged(() => undefined))
  verifyProduced(forged((bytes) => bytes.fill(0, 43, 57)))
})

it('accepts zeros beside an absent producer id, which kafkajs sends', () => {
  verifyProduced(forged((bytes) => bytes.fill(0, 51, 57)))
})

it.each<[string, string, (bytes: Buffer) => void]>([
  ['a forged control bit', 'control', (bytes) => bytes.writeInt16BE(0x20, 21)],
  ['a forged delete horizon', 'no producer sets', (bytes) => bytes.writeInt16BE(0x40, 21)],
  ['an attribute of the future', 'no producer sets', (bytes) => bytes.writeInt16BE(-0x8000, 21)],
  ['a forged append time', 'append time', (bytes) => bytes.writeInt16BE(0x08, 21)],
  ['a count that is too small', 'last offset delta', (bytes) => bytes.writeInt32BE(2, 57)],
  ['a gap in the offsets', 'last offset delta', (bytes) => bytes.writeInt32BE(7, 23)],
  ['a repeated offset', 'not consecutive', (bytes) => bytes.writeInt8(2, firstRecord + 3)],
  ['an id without a sequence', 'base sequence', (bytes) => bytes.fill(0, 43, 53)],
  ['an empty batch', 'at least one', (bytes) => bytes.fill(0, 57, 61)],
  ['a record length that lies', 'ong', (bytes) => bytes.writeInt8(0x40, firstRecord)],
  [
    'a key length that lies',
    'length in a record',
    (bytes) => bytes.writeInt8(0x7e, firstRecord + 4),
  ],
  ['a negative timestamp', 'timestamp', (bytes) => bytes.writeInt8(0x7f, firstRecord + 2)],
  ['a largest timestamp that is too small', 'later than', (bytes) => bytes.fill(0, 35, 43)],
  ['codec snappy', 'snappy', (bytes) => bytes.writeInt16BE(2, 21)],
  ['gzip that is none', 'not valid gzip', (bytes) => bytes.writeInt16BE(1, 21)],
])('refuses %s', (_, detail, change) => {
  const batch = forged(change)
  expect(() => verifyProduced(batch)).toThrow(detail)
})

it('refuses bytes behind the last record', () => {
  const builder = new RecordBatchBuilder(0)
  builder.append(recordSource({ timestamp: 1, value: 'v' }))
  const bytes = Buffer.concat([builder.seal(), Buffer.alloc(3)])
  bytes.writeInt32BE(bytes.length - 12, 8)
  bytes.writeUInt32BE(crc32c(bytes, 21), 17)
  expect(() => verifyProduced(new RecordBatch(bytes))).toThrow('behind its last record')
})

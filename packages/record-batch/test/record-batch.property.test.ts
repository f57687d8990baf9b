/**
 * Goal: what is built is what is read, here and by kafkajs, and no byte string does more than be
 * refused.
 */
import { BusError } from '@courant/kernel'
import fc from 'fast-check'
import { expect, it } from 'vitest'
import { crc32cOfTable } from '../src/crc32c.ts'
import {
  type Record,
  RecordBatch,
  RecordBatchBuilder,
  recordBatches,
  recordSource,
  type SupportedCompression,
  verifyProduced,
} from '../src/index.ts'
import { anyRecords } from './arbitrary.ts'
import { decodeWithKafkajs, encodeWithKafkajs } from './kafkajs.ts'
import { readRecords } from './read-records.ts'

function build(
  records: readonly Omit<Record, 'offset'>[],
  compression: SupportedCompression = 'none',
): Buffer {
  const builder = new RecordBatchBuilder(0)
  for (const record of records) {
    const source = recordSource(record)
    const expected = builder.size + builder.sizeOf(source)
    builder.append(source)
    expect(builder.size).toBe(expected)
  }
  return builder.seal(compression)
}

function withOffsets(records: readonly Omit<Record, 'offset'>[]): Record[] {
  return records.map((record, offset) => ({ offset, ...record }))
}

const anyCompression = fc.constantFrom<SupportedCompression[]>('none', 'gzip', 'zstd')

it('reads what it built, compressed or not', () => {
  fc.assert(
    fc.property(anyRecords, anyCompression, (records, compression) => {
      const bytes = build(records, compression)
      const batch = new RecordBatch(bytes)
      batch.verify()
      verifyProduced(batch)
      expect(batch.size).toBe(bytes.length)
      expect(batch.compression).toBe(compression)
      expect(readRecords(bytes)).toEqual(withOffsets(records))
    }),
  )
})

it('is read by kafkajs as we read it', async () => {
  const anyKafkajsRecords = anyRecords.map((records) =>
    records.map((record) => ({ ...record, headers: [] })),
  )
  await fc.assert(
    fc.asyncProperty(anyKafkajsRecords, async (records) => {
      const decoded = await decodeWithKafkajs(build(records))
      expect(decoded).toEqual(withOffsets(records))
    }),
  )
})

it('reads what kafkajs encodes', async () => {
  const anyKafkajsRecords = anyRecords.map((records) =>
    records.map((record) => ({ ...record, headers: [] })),
  )
  await fc.assert(
    fc.asyncProperty(
      anyKafkajsRecords,
      fc.constantFrom('none' as const, 'gzip' as const),
      async (records, compression) => {
        const bytes = await encodeWithKafkajs({
          baseOffset: 0,
          leaderEpoch: 0,
          compression,
          records,
        })
        new RecordBatch(bytes).verify()
        verifyProduced(new RecordBatch(bytes))
        expect(readRecords(bytes)).toEqual(withOffsets(records))
      },
    ),
  )
})

it('finds the batches of a buffer and leaves out one that is cut off', () => {
  fc.assert(
    fc.property(fc.array(anyRecords, { minLength: 1, maxLength: 4 }), fc.nat(), (batches, cut) => {
      const built = batches.map((records) => build(records))
      const whole = Buffer.concat(built)
      const end = cut % (whole.length + 1)
      const found = [...recordBatches(whole, 0, end)]
      let position = 0
      for (const [index, bytes] of built.entries()) {
        if (position + bytes.length <= end) expect(found[index]?.position).toBe(position)
        else expect(found[index]).toBeUndefined()
        position += bytes.length
      }
    }),
  )
})

it('notices every flipped bit behind the prefix', () => {
  fc.assert(
    fc.property(anyRecords, fc.nat(), (records, chosen) => {
      const bytes = build(records)
      const bit = 16 * 8 + (chosen % ((bytes.length - 16) * 8))
      bytes[bit >> 3] = (bytes[bit >> 3] ?? 0) ^ (1 << (bit & 7))
      expect(() => new RecordBatch(bytes).verify()).toThrow(BusError)
    }),
  )
})

it('keeps its checksum when offset and leader epoch are stamped', () => {
  fc.assert(
    fc.property(anyRecords, fc.maxSafeNat(), fc.nat(), (records, base, epoch) => {
      const batch = new RecordBatch(build(records))
      const baseOffset = Math.max(0, base - 1000)
      batch.stampBaseOffset(baseOffset as never)
      batch.stampLeaderEpoch((epoch % 0x7fffffff) as never)
      batch.verify()
      expect(batch.baseOffset).toBe(baseOffset)
      expect(batch.partitionLeaderEpoch).toBe(epoch % 0x7fffffff)
    }),
  )
})

/** Bytes that no one chose kindly: noise, or a sound batch with some bytes overwritten. */
const hostileBytes = fc.oneof(
  fc.uint8Array({ maxLength: 300 }).map((bytes) => Buffer.from(bytes)),
  fc
    .tuple(
      anyRecords,
      anyCompression,
      fc.array(fc.tuple(fc.nat(), fc.nat({ max: 255 })), { minLength: 1, maxLength: 6 }),
    )
    .map(([records, compression, edits]) => {
      const bytes = build(records, compression)
      for (const [at, byte] of edits) bytes[at % bytes.length] = byte
      return bytes
    }),
)

it('answers any byte string with records or a BusError, however the checksum was forged', () => {
  fc.assert(
    fc.property(hostileBytes, fc.boolean(), (bytes, isForged) => {
      if (isForged && bytes.length > 61) {
        bytes.writeInt32BE(bytes.length - 12, 8)
        bytes[16] = 2
        bytes.writeUInt32BE(crc32cOfTable(bytes, 21), 17)
      }
      for (const attempt of [verify, verifyFraming, read, iterate]) {
        const error = thrownBy(() => attempt(bytes))
        if (error !== null) expect(error).toBeInstanceOf(BusError)
        const codes = ['CORRUPT_MESSAGE', 'INVALID_RECORD', 'INVALID_TIMESTAMP']
        if (error instanceof BusError) expect(codes).toContain(error.code)
      }
    }),
    { numRuns: 2000 },
  )
})

function verify(bytes: Buffer): void {
  new RecordBatch(bytes).verify()
}

function verifyFraming(bytes: Buffer): void {
  const batch = new RecordBatch(bytes)
  batch.verify()
  verifyProduced(batch)
}

function read(bytes: Buffer): void {
  readRecords(bytes)
}

function iterate(bytes: Buffer): void {
  for (const batch of recordBatches(bytes)) batch.problem()
}

function thrownBy(attempt: () => void): unknown {
  try {
    attempt()
    return null
  } catch (error) {
    return error
  }
}

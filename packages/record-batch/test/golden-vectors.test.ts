/**
 * Goal: our reading of the format is the field's. The vectors were encoded by kafkajs (those of
 * `librdkafka-*.hex` captured from kcat) and are committed as bytes.
 */
import { readFileSync } from 'node:fs'
import { describe, expect, it } from 'vitest'
import { RecordBatch, RecordBatchBuilder, RecordCursor, recordSource } from '../src/index.ts'
import { verifyProduced } from '../src/verify-produced.ts'
import { goldenBatches } from './golden-batches.ts'
import { readRecords } from './read-records.ts'

function vector(name: string): Buffer {
  const hex = readFileSync(`${import.meta.dirname}/vectors/${name}.hex`, 'utf8')
  return Buffer.from(hex.replaceAll('\n', ''), 'hex')
}

describe.each(Object.entries(goldenBatches))('golden vector %s', (name, golden) => {
  it('passes the checks', () => {
    const batch = new RecordBatch(vector(name))
    batch.verify()
    verifyProduced(batch)
    expect(batch.bytes).toEqual(vector(name))
  })

  it('says the same in every header field', () => {
    const batch = new RecordBatch(vector(name))
    const timestamps = golden.records.map((record) => record.timestamp)
    expect(batch.baseOffset).toBe(golden.baseOffset)
    expect(batch.lastOffset).toBe(golden.baseOffset + golden.records.length - 1)
    expect(batch.nextOffset).toBe(golden.baseOffset + golden.records.length)
    expect(batch.partitionLeaderEpoch).toBe(golden.leaderEpoch)
    expect(batch.magic).toBe(2)
    expect(batch.compression).toBe(golden.compression)
    expect(batch.timestampType).toBe('create')
    expect(batch.isTransactional).toBe(false)
    expect(batch.isControl).toBe(false)
    expect(batch.baseTimestamp).toBe(timestamps[0])
    expect(batch.maxTimestamp).toBe(Math.max(...timestamps))
    expect(batch.producerId).toBe(golden.producer?.id ?? -1)
    expect(batch.producerEpoch).toBe(golden.producer?.epoch ?? -1)
    expect(batch.baseSequence).toBe(golden.producer?.baseSequence ?? -1)
    expect(batch.recordCount).toBe(golden.records.length)
  })

  it('holds the same records', () => {
    const expected = golden.records.map((record, index) => ({
      offset: golden.baseOffset + index,
      ...record,
    }))
    expect(readRecords(vector(name))).toEqual(expected)
  })

  it('is what our builder makes, byte for byte', () => {
    if (golden.compression !== 'none' || golden.producer !== undefined) return
    const builder = new RecordBatchBuilder(0)
    for (const record of golden.records) builder.append(recordSource(record))
    const ours = new RecordBatch(builder.seal())
    const theirs = new RecordBatch(vector(name))
    ours.stampBaseOffset(theirs.baseOffset)
    ours.stampLeaderEpoch(theirs.partitionLeaderEpoch)
    expect(ours.bytes.toString('hex')).toBe(theirs.bytes.toString('hex'))
  })
})

it('wraps the last sequence at 2^31, as Kafka does', () => {
  expect(new RecordBatch(vector('idempotent-producer')).lastSequence).toBe(0)
  expect(new RecordBatch(vector('one-record')).lastSequence).toBe(-1)
})

it('gives every record the append time once that is stamped', () => {
  const batch = new RecordBatch(vector('timestamps-that-go-back'))
  batch.stampLogAppendTime(1_800_000_000_000)
  batch.verify()
  expect(batch.timestampType).toBe('append')
  const cursor = new RecordCursor(batch)
  while (cursor.next()) expect(cursor.timestamp).toBe(1_800_000_000_000)
})

/**
 * Captured on its way out of librdkafka 2.0.2 (kcat 1.7.1, `-K: -Z -H a=b -H n`, with each `-z`):
 * four lines, an empty key and an empty value sent as nulls, one header with a value and one
 * without.
 */
describe.each(['none', 'gzip', 'zstd'] as const)(
  'what librdkafka sends, compression %s',
  (name) => {
    it('is read as what was typed', () => {
      const bytes = vector(`librdkafka-${name}`)
      const batch = new RecordBatch(bytes)
      batch.verify()
      verifyProduced(batch)
      expect(batch.compression).toBe(name)
      const headers = [
        { name: 'a', value: Buffer.from('b') },
        { name: 'n', value: null },
      ]
      const records = readRecords(bytes)
      expect(records.map((record) => record.headers)).toEqual([headers, headers, headers, headers])
      expect(records.map(({ key }) => key?.toString() ?? null)).toEqual(['k1', 'k2', null, 'k4'])
      expect(records.map(({ value }) => value?.toString() ?? null)).toEqual([
        '{"total":4200}',
        null,
        'v3',
        'z'.repeat(300),
      ])
      expect(records.map(({ offset }) => offset)).toEqual([0, 1, 2, 3])
    })
  },
)

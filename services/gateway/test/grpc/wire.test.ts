/**
 * Goal: the hand-written codecs of the hot path speak the language of the generated ones.
 * Method: whatever one side writes the other reads; whatever bytes come, the reader ends in order.
 */
import { Record as RecordMessage } from '@courant/api/v1/record'
import { FetchResponse, ProduceRequest } from '@courant/api/v1/record_service'
import { BusError } from '@courant/kernel'
import {
  emptyRecordSource,
  RecordBatch,
  RecordBatchBuilder,
  RecordCursor,
  recordSource,
} from '@courant/record-batch'
import fc from 'fast-check'
import { expect, it } from 'vitest'
import { BufferPool } from '../../src/fetch/buffer-pool.ts'
import { fetchAnswers } from '../../src/grpc/records/fetch-answer.ts'
import { NewRecords } from '../../src/grpc/records/new-records.ts'
import { readProduceHead } from '../../src/grpc/records/produce-head.ts'
import { MessageReader } from '../../src/grpc/wire/message-reader.ts'
import { ParsedRecords } from '../../src/produce/parsed-records.ts'

const bytes = fc.uint8Array({ maxLength: 300 }).map((array) => Buffer.from(array))
const maybeBytes = fc.option(bytes, { nil: undefined })
const anyHeader = fc.record({
  name: fc.string({ unit: 'binary', maxLength: 20 }),
  value: maybeBytes,
})
const anyRecord = fc.record({
  key: maybeBytes,
  value: maybeBytes,
  headers: fc.array(anyHeader, { maxLength: 4 }),
  partition: fc.option(fc.nat(9), { nil: undefined }),
  // A batch keeps differences: the largest of all and the -1 of none are too far apart for one.
  timestamp: fc.option(fc.integer({ min: 0, max: Number.MAX_SAFE_INTEGER - 1 }), {
    nil: undefined,
  }),
})
const rules = { partitionCount: 10, now: Number.MAX_SAFE_INTEGER }

/** Through the columns into a batch and out again. */
function readBack(message: Buffer) {
  const records = new ParsedRecords()
  const count = new NewRecords().read(message, records, rules, (_index, error) => {
    throw error
  })
  const source = emptyRecordSource()
  return Array.from({ length: count }, (_, index) => {
    records.fill(source, index, 7)
    const builder = new RecordBatchBuilder(0)
    builder.append(source)
    const cursor = new RecordCursor(new RecordBatch(builder.seal()))
    cursor.next()
    const { key, value, timestamp } = cursor
    const partition = records.partition(index)
    return { key, value, timestamp, partition, headers: cursor.headers() }
  })
}

it('reads the records that a generated client writes', () => {
  fc.assert(
    fc.property(fc.array(anyRecord, { maxLength: 20 }), (records) => {
      const message = ProduceRequest.encode({ topic: 'orders', records, acks: 2, timeoutMs: 9 })
      const encoded = Buffer.from(message.finish())
      expect(readProduceHead(encoded)).toEqual({
        topic: 'orders',
        acks: 'leader',
        timeoutMs: 9,
        correlationId: 0,
        batches: null,
      })
      expect(readBack(encoded)).toEqual(
        records.map(({ key, value, headers, partition, timestamp }) => ({
          key: key ?? null,
          value: value ?? null,
          timestamp: timestamp ?? 7,
          partition: partition ?? -1,
          headers: headers.map((header) => ({ name: header.name, value: header.value ?? null })),
        })),
      )
    }),
    { numRuns: 200 },
  )
})

it('writes records that a generated client reads', () => {
  const sent = anyRecord.map(({ key, value, headers, timestamp }) => ({
    key,
    value,
    headers,
    timestamp: timestamp ?? -1,
  }))
  fc.assert(
    fc.property(
      fc.array(sent, { minLength: 1, maxLength: 20 }),
      fc.nat(2 ** 40),
      fc.integer({ min: 1, max: 2_000 }),
      (records, offset, bytesMax) => {
        const builder = new RecordBatchBuilder(0)
        for (const { key = null, value = null, headers, timestamp } of records) {
          const nullable = headers.map((header) => ({ ...header, value: header.value ?? null }))
          builder.append(recordSource({ key, value, timestamp, headers: nullable }))
        }
        const batch = new RecordBatch(builder.seal())
        batch.stampBaseOffset(offset as never)
        const fetched = {
          records: batch.bytes,
          highWatermark: offset + records.length,
          lastStableOffset: 3,
          logStartOffset: 0,
          memory: 'shared' as const,
        }
        const bounds = { recordsMax: Number.POSITIVE_INFINITY, bytesMax }
        const pages = [...fetchAnswers(fetched, offset, 1, bounds, new BufferPool())]
        const answers = pages.map(({ message }) => FetchResponse.decode(message))
        expect(answers.flatMap((answer) => answer.records)).toEqual(
          records.map((record, index) =>
            RecordMessage.create({ ...record, offset: offset + index }),
          ),
        )
        for (const answer of answers) {
          expect(answer).toMatchObject({
            highWatermark: offset + records.length,
            lastStableOffset: 3,
          })
          expect(answer.nextOffset).toBe((answer.records.at(-1)?.offset ?? offset - 1) + 1)
        }
      },
    ),
    { numRuns: 200 },
  )
})

it('ends in order on any bytes', () => {
  fc.assert(
    fc.property(bytes, (junk) => {
      const reader = new MessageReader().reset(junk)
      try {
        while (reader.next()) expect(reader.end).toBeLessThanOrEqual(junk.length)
      } catch (error) {
        expect(error).toBeInstanceOf(BusError)
      }
    }),
    { numRuns: 2_000 },
  )
})

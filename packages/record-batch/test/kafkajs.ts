import { createRequire } from 'node:module'
import type { Record, RecordHeader } from '../src/index.ts'

/**
 * The record batch codec of kafkajs: an implementation that we did not write, for golden vectors
 * and for checks in both directions. It lies behind the package's public interface and has no
 * types.
 */
const require = createRequire(import.meta.url)
const { RecordBatch } = require('kafkajs/src/protocol/recordBatch/v0')
const encodeRecord = require('kafkajs/src/protocol/recordBatch/record/v0')
const decodeBatch = require('kafkajs/src/protocol/recordBatch/v0/decoder')
const Decoder = require('kafkajs/src/protocol/decoder')
const Long = require('kafkajs/src/utils/long')

export interface ForeignBatch {
  readonly baseOffset: number
  readonly leaderEpoch: number
  readonly compression: 'none' | 'gzip'
  readonly records: readonly Omit<Record, 'offset'>[]
  readonly producer?: { readonly id: number; readonly epoch: number; readonly baseSequence: number }
}

export async function encodeWithKafkajs(batch: ForeignBatch): Promise<Buffer> {
  const timestamps = batch.records.map((record) => record.timestamp)
  const base = timestamps[0] ?? 0
  const encoder = await RecordBatch({
    compression: batch.compression === 'gzip' ? 1 : 0,
    firstOffset: Long.fromValue(batch.baseOffset),
    firstTimestamp: base,
    maxTimestamp: Math.max(...timestamps),
    partitionLeaderEpoch: batch.leaderEpoch,
    lastOffsetDelta: batch.records.length - 1,
    producerId: Long.fromValue(batch.producer?.id ?? -1),
    producerEpoch: batch.producer?.epoch ?? -1,
    firstSequence: batch.producer?.baseSequence ?? -1,
    records: batch.records.map((record, index) =>
      encodeRecord({
        offsetDelta: index,
        timestampDelta: record.timestamp - base,
        key: record.key,
        value: record.value,
        headers: foreignHeaders(record.headers),
      }),
    ),
  })
  return encoder.buffer
}

/** Decodes one batch; kafkajs keeps headers by name, so the names in it must differ. */
export async function decodeWithKafkajs(bytes: Buffer): Promise<Record[]> {
  const decoded = await decodeBatch(new Decoder(bytes))
  return decoded.records.map(
    (record: {
      offset: string
      timestamp: string
      key: Buffer | null
      value: Buffer | null
      headers: { [name: string]: Buffer }
    }) => ({
      offset: Number(record.offset),
      timestamp: Number(record.timestamp),
      key: record.key,
      value: record.value,
      headers: Object.entries(record.headers).map(([name, value]) => ({ name, value })),
    }),
  )
}

function foreignHeaders(headers: readonly RecordHeader[]): { [name: string]: Buffer | null } {
  return Object.fromEntries(headers.map(({ name, value }) => [name, value]))
}

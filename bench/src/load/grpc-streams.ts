/** gRPC load: one client process, one stream. */

import { RecordFormat } from '@courant/api/v1/record'
import {
  FetchStreamRequest,
  FetchStreamResponse,
  ProduceStreamRequest,
} from '@courant/api/v1/record_service'
import { RecordCursor, recordBatches } from '@courant/record-batch'
import { Client, type ClientReadableStream, credentials, Metadata } from '@grpc/grpc-js'

const CHANNEL = { 'grpc.max_receive_message_length': -1 }
const MESSAGE_BYTES = 1 << 20

export interface Follow {
  readonly port: number
  readonly apiKey: string
  readonly topic: string
  readonly format: 'records' | 'batches'
  /** What the client does with a message: counts it, or walks over its records too. */
  readonly work: 'count' | 'decode'
  readonly seconds: number
}

export interface Flow {
  readonly bytesPerSecond: number
  readonly recordsPerSecond: number
  readonly messageBytes: number
}

/** Reads a partition from its beginning, again and again. */
export async function follow(load: Follow): Promise<Flow> {
  const { format, topic, work } = load
  const request = FetchStreamRequest.encode({
    topic,
    partition: 0,
    start: undefined,
    maxBytes: MESSAGE_BYTES,
    // At the end of the log the stream ends, and the next one begins.
    waitMs: 0,
    isolation: 0,
    format:
      format === 'records'
        ? RecordFormat.RECORD_FORMAT_RECORDS
        : RecordFormat.RECORD_FORMAT_BATCHES,
  }).finish()
  const path = '/courant.v1.RecordService/FetchStream'
  return await read(load, path, Buffer.from(request), work === 'decode' ? countRecords : noRecords)
}

/** The same from a server that streams messages of that size. */
export async function followBare(load: {
  readonly port: number
  readonly messageBytes: number
  readonly seconds: number
}): Promise<Flow> {
  const request = Buffer.alloc(4)
  request.writeUInt32BE(load.messageBytes)
  return await read({ ...load, apiKey: '' }, '/bare/Stream', request, noRecords)
}

interface Reading {
  readonly port: number
  readonly apiKey: string
  readonly seconds: number
}

async function read(
  { port, apiKey, seconds }: Reading,
  path: string,
  request: Buffer,
  recordsIn: (message: Buffer) => number,
): Promise<Flow> {
  const client = new Client(`127.0.0.1:${port}`, credentials.createInsecure(), CHANNEL)
  const [bytes, messages, records] = [0, 0, 0]
  const total = { bytes, messages, records }
  const started = performance.now()
  const until = started + seconds * 1000
  while (performance.now() < until) {
    const stream = client.makeServerStreamRequest(path, same, same, request, credential(apiKey))
    await untilEnd(stream, (message) => {
      total.bytes += message.length
      total.messages += 1
      total.records += recordsIn(message)
      return performance.now() < until
    })
  }
  const took = (performance.now() - started) / 1000
  client.close()
  return {
    bytesPerSecond: total.bytes / took,
    recordsPerSecond: total.records / took,
    messageBytes: Math.round(total.bytes / total.messages),
  }
}

function untilEnd(
  stream: ClientReadableStream<Buffer>,
  take: (message: Buffer) => boolean,
): Promise<void> {
  return new Promise((resolve, reject) => {
    let isOver = false
    stream.on('data', (message: Buffer) => {
      if (isOver || take(message)) return
      isOver = true
      stream.cancel()
      resolve()
    })
    stream.on('error', (error) => (isOver ? resolve() : reject(error)))
    stream.on('end', resolve)
  })
}

/** As a consumer sees them: each with its offset, key and value. */
function countRecords(message: Buffer): number {
  const { records, recordBatches: batches } = FetchStreamResponse.decode(message)
  let count = records.length
  let valueBytes = 0
  for (const batch of recordBatches(batches)) {
    const cursor = new RecordCursor(batch)
    while (cursor.next()) {
      count += 1
      valueBytes += cursor.value?.length ?? 0
    }
  }
  if (batches.length > 0 && valueBytes === 0) throw new Error('the records have no values')
  return count
}

function noRecords(): number {
  return 0
}

export interface ProduceLoad {
  readonly port: number
  readonly apiKey: string
  readonly topic: string
  readonly path: '/courant.v1.RecordService/ProduceStream' | '/bare/Acknowledge'
  readonly records: number
  readonly inFlight: number
  readonly seconds: number
}

/** Keeps requests under way on one stream; requests a second that were answered. */
export async function produce(load: ProduceLoad): Promise<number> {
  const { port, apiKey, topic, path, records, inFlight, seconds } = load
  const value = Buffer.alloc(100, 'v')
  const message = Buffer.from(
    ProduceStreamRequest.encode({
      topic,
      records: Array.from({ length: records }, () => ({ value, headers: [] })),
      acks: 0,
      correlationId: 1,
    }).finish(),
  )
  const client = new Client(`127.0.0.1:${port}`, credentials.createInsecure(), CHANNEL)
  const stream = client.makeBidiStreamRequest(path, same, same, credential(apiKey))
  const started = performance.now()
  const until = started + seconds * 1000
  let answers = 0
  await new Promise<void>((resolve, reject) => {
    stream.on('data', () => {
      answers += 1
      if (performance.now() < until) stream.write(message)
      else stream.end()
    })
    stream.on('end', resolve)
    stream.on('error', reject)
    for (let count = 0; count < inFlight; count++) stream.write(message)
  })
  const took = (performance.now() - started) / 1000
  client.close()
  return answers / took
}

function credential(apiKey: string): Metadata {
  const metadata = new Metadata()
  metadata.set('authorization', `Bearer ${apiKey}`)
  return metadata
}

function same(bytes: Buffer): Buffer {
  return bytes
}

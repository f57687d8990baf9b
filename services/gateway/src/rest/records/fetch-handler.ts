import { Readable } from 'node:stream'
import { assert, BusError, limits } from '@courant/kernel'
import type { Topic } from '@courant/metadata'
import type { FastifyReply, FastifyRequest } from 'fastify'
import { encodeHeld } from '../../fetch/encode-held.ts'
import { type Fetched, type FetchPosition, partitionName } from '../../fetch/partition-fetcher.ts'
import type { StartAt } from '../../fetch/partition-reader.ts'
import type { ReadHold } from '../../fetch/read-hold.ts'
import { RecordPage } from '../../fetch/record-page.ts'
import { recordStream } from '../../fetch/record-stream.ts'
import { negotiate } from '../../http/accept.ts'
import { onAnswerEnd, passedOn } from '../../http/answer-end.ts'
import { callerSignal } from '../../http/caller-signal.ts'
import { problemAt } from '../../produce/record-problem.ts'
import { JSON_TYPE } from '../samples.ts'
import type { DataPath } from './data-path.ts'
import { EVENTS_TYPE, type FetchQueryValue, PAGE_RECORDS_DEFAULT } from './fetch.ts'
import { NDJSON_TYPE } from './produce.ts'
import { sendOpen } from './send-open.ts'

const PRODUCED = [JSON_TYPE, NDJSON_TYPE, EVENTS_TYPE]
const OFFSET = /^(?:0|[1-9]\d{0,15})$/

/** Handles `GET /v1/topics/{topic}/partitions/{partition}/records`. */
export async function handleFetch(
  dataPath: DataPath,
  request: FastifyRequest,
  reply: FastifyReply,
): Promise<FastifyReply> {
  const { topics, reader, reads } = dataPath
  const { principal, headers } = request
  assert(principal?.kind === 'tenant', 'only a tenant comes this far')
  const params = request.params as { topic: string; partition: number }
  const query = request.query as FetchQueryValue
  const { tenantId } = principal
  const topic =
    topics.find(tenantId, params.topic) ?? (await topics.resolve(tenantId, params.topic))
  checkPartition(topic, params.partition)
  const start = startOf(query, headers['last-event-id'])
  const type = negotiate(headers.accept, PRODUCED) ?? JSON_TYPE
  if (type === JSON_TYPE) checkPageSize(query)
  const signal = callerSignal(reply, dataPath.draining)
  const where = { topicId: topic.topicId, partition: params.partition }
  const position = { ...where, offset: await reader.startOffset(where, start, signal) }
  const waitMs = type === JSON_TYPE ? (query.waitMs ?? 0) : 0
  const hold = reads.hold(tenantId)
  try {
    const fetched = await reader.read(position, { ...boundsOf(query), waitMs }, hold, signal)
    const read = { position, fetched, hold }
    return type === JSON_TYPE
      ? await sendPage(dataPath, reply, read, query)
      : sendStream(dataPath, reply, read, query, signal, type, request.id)
  } catch (error) {
    hold.release()
    throw error
  }
}

/** What was read, and the memory that it takes. */
interface Read {
  readonly position: FetchPosition
  readonly fetched: Fetched
  readonly hold: ReadHold
}

function boundsOf(query: FetchQueryValue) {
  return {
    maxBytes: query.maxBytes ?? limits.fetchBytesDefault,
    isolation: query.isolation ?? ('committed' as const),
  }
}

async function sendPage(
  { encodedBatches, buffers }: DataPath,
  reply: FastifyReply,
  { position, fetched, hold }: Read,
  query: FetchQueryValue,
): Promise<FastifyReply> {
  const options = {
    partition: partitionName(position),
    offset: position.offset,
    maxRecords: query.maxRecords ?? PAGE_RECORDS_DEFAULT,
    format: query.format ?? ('json' as const),
    layout: 'list' as const,
  }
  const page = new RecordPage(fetched.records, options, encodedBatches, buffers)
  await encodeHeld(page, fetched, hold)
  const { highWatermark, logStartOffset, lastStableOffset } = fetched
  const ends = JSON.stringify({
    nextOffset: page.nextOffset,
    highWatermark,
    logStartOffset,
    lastStableOffset,
  })
  const document = page.takeDocument(ends.slice(1))
  // 'finish' comes when the system has the last byte; of a broken answer the collector takes care.
  reply.raw.once('finish', () => document.giveBack())
  hold.set(document.bytes.buffer.byteLength)
  onAnswerEnd(reply, () => hold.release())
  return reply.code(200).type(JSON_TYPE).send(document.bytes)
}

function sendStream(
  { reader, encodedBatches, clock }: DataPath,
  reply: FastifyReply,
  { position, fetched, hold }: Read,
  query: FetchQueryValue,
  signal: AbortSignal,
  type: string,
  requestId: string,
): FastifyReply {
  const options = {
    ...boundsOf(query),
    format: query.format ?? ('json' as const),
    layout: type === EVENTS_TYPE ? ('events' as const) : ('lines' as const),
    maxRecords: query.maxRecords ?? Number.POSITIVE_INFINITY,
    idleMs: query.waitMs ?? null,
    requestId,
  }
  const sent = (): Promise<void> => passedOn(reply)
  const parts = { reader, encodedBatches, clock, hold, sent, signal }
  const stream = recordStream(parts, position, fetched, options)
  // A fetch that is under way is waited for: its answer takes memory whoever has left.
  onAnswerEnd(reply, () => void stream.return().finally(() => hold.release()))
  // Whatever stands between us and the reader must pass records on as they come.
  const headers = { 'cache-control': 'no-store', 'x-accel-buffering': 'no' }
  return sendOpen(reply.code(200).type(type).headers(headers), Readable.from(stream, BYTES))
}

const BYTES = { objectMode: false, highWaterMark: 1 }

function startOf(query: FetchQueryValue, lastEventId: string | string[] | undefined): StartAt {
  const { offset, timestamp, from } = query
  const given = [offset, timestamp, from].filter((value) => value !== undefined)
  if (given.length > 1) {
    throw problemAt('INVALID_ARGUMENT', '?offset', 'Give one of offset, timestamp and from.')
  }
  if (typeof lastEventId === 'string') {
    if (OFFSET.test(lastEventId)) return { offset: Number(lastEventId) }
    throw new BusError('INVALID_ARGUMENT', 'Last-Event-ID is the id of an event of this stream.')
  }
  if (offset !== undefined) return { offset }
  if (timestamp !== undefined) return { timestamp }
  return from ?? 'earliest'
}

function checkPageSize({ maxRecords }: FetchQueryValue): void {
  if ((maxRecords ?? 0) <= limits.fetchRecordsMax) return
  const detail = `A page has at most ${limits.fetchRecordsMax} records.`
  throw problemAt('INVALID_ARGUMENT', '?maxRecords', detail)
}

/** Throws PARTITION_NOT_FOUND, which tells how many there are. */
function checkPartition(topic: Topic, partition: number): void {
  if (partition < topic.partitionCount) return
  const detail = `The topic has ${topic.partitionCount} partitions, counted from 0.`
  throw new BusError('PARTITION_NOT_FOUND', detail)
}

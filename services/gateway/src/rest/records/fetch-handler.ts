import { Readable } from 'node:stream'
import { assert, BusError, limits } from '@courant/kernel'
import type { Topic } from '@courant/metadata'
import type { FastifyReply, FastifyRequest } from 'fastify'
import { type Fetched, type FetchPosition, partitionName } from '../../fetch/partition-fetcher.ts'
import type { StartAt } from '../../fetch/partition-reader.ts'
import { RecordPage } from '../../fetch/record-page.ts'
import { recordStream } from '../../fetch/record-stream.ts'
import { negotiate } from '../../http/accept.ts'
import { callerSignal } from '../../http/caller-signal.ts'
import { nextTurn } from '../../produce/next-turn.ts'
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
  const { topics, reader } = dataPath
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
  const fetched = await reader.read(position, { ...boundsOf(query), waitMs }, signal)
  return type === JSON_TYPE
    ? sendPage(dataPath, reply, position, fetched, query)
    : sendStream(dataPath, reply, position, fetched, query, signal, type, request.id)
}

function boundsOf(query: FetchQueryValue) {
  return {
    maxBytes: query.maxBytes ?? limits.fetchBytesDefault,
    isolation: query.isolation ?? ('committed' as const),
  }
}

async function sendPage(
  { encodedBatches, pageBuffers }: DataPath,
  reply: FastifyReply,
  position: FetchPosition,
  fetched: Fetched,
  query: FetchQueryValue,
): Promise<FastifyReply> {
  const options = {
    partition: partitionName(position),
    offset: position.offset,
    maxRecords: query.maxRecords ?? PAGE_RECORDS_DEFAULT,
    format: query.format ?? ('json' as const),
    layout: 'list' as const,
  }
  const page = new RecordPage(fetched.records, options, encodedBatches, pageBuffers)
  while (!page.next()) await nextTurn()
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
  return reply.code(200).type(JSON_TYPE).send(document.bytes)
}

function sendStream(
  { reader, encodedBatches, clock }: DataPath,
  reply: FastifyReply,
  position: FetchPosition,
  fetched: Fetched,
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
  const stream = recordStream(reader, position, fetched, options, encodedBatches, clock, signal)
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

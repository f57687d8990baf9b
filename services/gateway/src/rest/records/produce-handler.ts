import { assert, BusError, limits } from '@courant/kernel'
import type { Topic } from '@courant/metadata'
import type { FastifyReply, FastifyRequest } from 'fastify'
import type { Borrowed } from '../../fetch/byte-writer.ts'
import { readBody } from '../../http/read-body.ts'
import { binaryCloudEvent, structuredCloudEvent } from '../../produce/cloud-event.ts'
import { type ContentKind, contentKind } from '../../produce/content-kind.ts'
import { JsonBody } from '../../produce/json-body.ts'
import { nextTurn } from '../../produce/next-turn.ts'
import type { ParsedRecords } from '../../produce/parsed-records.ts'
import type { PendingProduce } from '../../produce/pending-produce.ts'
import { problemAt } from '../../produce/record-problem.ts'
import { RecordsPool } from '../../produce/records-pool.ts'
import {
  asListItem,
  resultsText,
  unknownResultsText,
  writtenResults,
} from '../../produce/results.ts'
import { setSingleRecord } from '../../produce/single-record.ts'
import { JSON_TYPE } from '../samples.ts'
import type { DataPath } from './data-path.ts'
import { optionsOf, type ProduceQueryValue } from './produce.ts'
import { produceLines } from './produce-lines.ts'

/** Handles `POST /v1/topics/{topic}/records`. One a gateway. */
export class ProduceHandler {
  readonly #dataPath: DataPath
  readonly #pool = new RecordsPool()

  constructor(dataPath: DataPath) {
    this.#dataPath = dataPath
  }

  async handle(request: FastifyRequest, reply: FastifyReply): Promise<FastifyReply> {
    const { topics } = this.#dataPath
    const { principal } = request
    assert(principal?.kind === 'tenant', 'only a tenant comes this far')
    const { topic: name } = request.params as { topic: string }
    const query = request.query as ProduceQueryValue
    const kind = contentKind(request.raw.headers)
    checkQuery(query, kind)
    const topic =
      topics.find(principal.tenantId, name) ?? (await topics.resolve(principal.tenantId, name))
    if (kind === 'ndjson') return produceLines(this.#dataPath, topic, query, request, reply)
    const pending = await this.#take(topic, kind, query, request)
    if (query.acks === 'none') return sendTaken(reply, pending)
    await pending.whenDecided()
    return sendOutcome(reply, pending, request.id, query.onPartial ?? 'status', this.#dataPath)
  }

  /** Reads the body and hands its records on; from then on nothing of the body is needed. */
  async #take(
    topic: Topic,
    kind: Exclude<ContentKind, 'ndjson'>,
    query: ProduceQueryValue,
    request: FastifyRequest,
  ): Promise<PendingProduce> {
    const { bodies, buffers, bodyDeadlines, clock, producer } = this.#dataPath
    const reserved = bodies.takeFor(request.raw.headers)
    let records: ParsedRecords | null = null
    try {
      const reading = { deadlines: bodyDeadlines, buffers }
      const body = await readBody(request.raw, limits.bodyBytesMax, reading)
      records = this.#pool.take()
      if (kind === 'json') {
        const rules = { partitionCount: topic.partitionCount, now: clock.now() }
        const parsing = new JsonBody(body, records, rules)
        while (!parsing.next()) await nextTurn()
      } else {
        const record = singleRecord(kind, body, query, request)
        setSingleRecord(records, record, topic.partitionCount)
      }
      const submission = producer.submit(topic, records, optionsOf(query), pointerOf(kind))
      while (!submission.next()) await nextTurn()
      buffers.give(body)
      return submission.pending
    } finally {
      if (records !== null) this.#pool.give(records)
      bodies.give(reserved)
    }
  }
}

/** A parameter that would be ignored is refused instead. */
function checkQuery(query: ProduceQueryValue, kind: ContentKind): void {
  const isList = kind === 'json' || kind === 'ndjson'
  for (const name of ['key', 'partition'] as const) {
    if (!isList || query[name] === undefined) continue
    throw problemAt(
      'INVALID_ARGUMENT',
      `?${name}`,
      `With this body, ${name} is a field of a record.`,
    )
  }
  if (kind !== 'ndjson' && query.onError !== undefined) {
    throw problemAt('INVALID_ARGUMENT', '?onError', 'onError is for NDJSON.')
  }
}

function singleRecord(
  kind: Exclude<ContentKind, 'ndjson' | 'json'>,
  body: Buffer,
  query: ProduceQueryValue,
  request: FastifyRequest,
) {
  const { headers } = request.raw
  const key = query.key ?? null
  const partition = query.partition ?? null
  if (kind === 'raw') {
    const contentType = headers['content-type']
    const kept =
      contentType === undefined ? [] : [{ name: 'content-type', value: Buffer.from(contentType) }]
    return { key, value: body, headers: kept, partition }
  }
  const event = kind === 'cloudevent' ? structuredCloudEvent(body) : binaryCloudEvent(headers, body)
  return { key: key ?? event.partitionKey, value: event.value, headers: event.headers, partition }
}

function pointerOf(kind: ContentKind): (index: number) => string {
  return kind === 'json' ? (index) => `/records/${index}` : () => ''
}

function sendTaken(reply: FastifyReply, pending: PendingProduce): FastifyReply {
  const results = unknownResultsText(pending, asListItem)
  return reply.code(202).type(JSON_TYPE).send(`{"results":[${results}],"failed":0}`)
}

function sendWritten(reply: FastifyReply, results: string | Borrowed): FastifyReply {
  reply.code(200).type(JSON_TYPE)
  if (typeof results === 'string') return reply.send(results)
  // 'finish' comes when the system has the last byte; of a broken answer the collector takes care.
  reply.raw.once('finish', () => results.giveBack())
  return reply.send(results.bytes)
}

function sendOutcome(
  reply: FastifyReply,
  pending: PendingProduce,
  requestId: string,
  onPartial: 'status' | 'error',
  { buffers }: DataPath,
): FastifyReply {
  const { worstError } = pending
  if (worstError === null) return sendWritten(reply, writtenResults(pending, buffers))
  const { failedCount } = pending
  if (failedCount === pending.recordCount) throw worstError
  const results = resultsText(pending, requestId, asListItem)
  const body = `{"results":[${results}],"failed":${failedCount}}`
  if (onPartial === 'status') return reply.code(207).type(JSON_TYPE).send(body)
  const detail = `${failedCount} of ${pending.recordCount} records were not written.`
  throw new BusError('PARTIAL_PRODUCE', detail, { extra: JSON.parse(body) })
}

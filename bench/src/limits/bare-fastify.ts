/**
 * Limit: fastify with the schema of our routes and nothing behind them. It parses, validates and
 * serialises what our gateway does; what the gateway does besides is what its ratio shows.
 */
import type { AddressInfo } from 'node:net'
import fastify, { type FastifyInstance } from 'fastify'
import { fetchedRecords } from '../load/bodies.ts'

const optionalText = { type: ['string', 'null'] }

const produceSchema = {
  params: {
    type: 'object',
    properties: { topic: { type: 'string', pattern: '^[a-zA-Z0-9._-]{1,249}$' } },
  },
  body: {
    type: 'object',
    required: ['records'],
    additionalProperties: false,
    properties: {
      records: {
        type: 'array',
        minItems: 1,
        maxItems: 50_000,
        items: {
          type: 'object',
          additionalProperties: false,
          properties: {
            key: optionalText,
            keyBase64: optionalText,
            value: {},
            valueText: optionalText,
            valueBase64: optionalText,
            headers: { type: ['object', 'array', 'null'] },
            partition: { type: ['integer', 'null'], minimum: 0 },
            timestamp: { type: ['integer', 'null'], minimum: 0 },
          },
        },
      },
    },
  },
  response: {
    200: {
      type: 'object',
      properties: {
        results: {
          type: 'array',
          items: {
            type: 'object',
            properties: {
              partition: { type: 'integer' },
              offset: { type: 'integer' },
              timestamp: { type: 'integer' },
            },
          },
        },
        failed: { type: 'integer' },
      },
    },
  },
}

export async function start(): Promise<number> {
  const app = fastify({
    bodyLimit: 16 << 20,
    // Our gateway neither coerces nor removes; the limit validates as it does.
    ajv: {
      customOptions: { coerceTypes: false, removeAdditional: false, allowUnionTypes: true },
    },
  })
  addProduce(app)
  addFetch(app)
  await app.listen({ host: '127.0.0.1', port: 0 })
  return (app.server.address() as AddressInfo).port
}

function addProduce(app: FastifyInstance): void {
  let offset = 0
  app.post<{ Body: { records: unknown[] } }>(
    '/v1/topics/:topic/records',
    { schema: produceSchema },
    async ({ body }) => {
      const timestamp = Date.now()
      const results = body.records.map(() => ({ partition: 0, offset: offset++, timestamp }))
      return { results, failed: 0 }
    },
  )
}

/** Encodes the record objects anew for each request, as a gateway without our tricks has to. */
function addFetch(app: FastifyInstance): void {
  app.get<{ Querystring: { maxRecords: string } }>(
    '/v1/topics/:topic/partitions/:partition/records',
    async (request, reply) => {
      const records = recordsFor(Number(request.query.maxRecords))
      if (request.headers.accept === 'application/x-ndjson') {
        const lines = records.map((record) => `${JSON.stringify(record)}\n`)
        return reply.type('application/x-ndjson').send(lines.join(''))
      }
      const end = records.length
      return {
        records,
        nextOffset: end,
        highWatermark: end,
        logStartOffset: 0,
        lastStableOffset: end,
      }
    },
  )
}

const recordsByCount = new Map<number, object[]>()

function recordsFor(count: number): object[] {
  const known = recordsByCount.get(count)
  if (known !== undefined) return known
  const made = fetchedRecords(count)
  recordsByCount.set(count, made)
  return made
}

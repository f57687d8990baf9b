/**
 * The OpenAPI 3.1 document, a pure function of the route table. A generator that walks a running
 * server was tried and rejected: it knows neither examples nor error codes, and its output depends
 * on the order of plugins.
 */
import { problemOf } from '@courant/api'
import { BusError, type ErrorCode, errorCodes } from '@courant/kernel'
import { PROBLEM_TYPE } from '../http/problem.ts'
import type { Content, ResponseDescription, RouteDescription } from '../rest/route.ts'
import { errorsOf } from '../rest/route-errors.ts'
import { PATH_SAMPLES } from './example-request.ts'
import { type Components, type JsonSchema, toJsonSchema } from './json-schema.ts'

/** What holds for all of the API. */
export const DESCRIPTION = `A durable, partitioned log over HTTP.

Any gateway serves any request. The tenant comes from the credential, never from the path. Unknown
members and parameters are refused, never ignored. Within /v1 we only add: clients ignore unknown
members of answers and treat unknown error codes by \`status\` and \`retriable\`.`

const TAGS: Readonly<Record<string, string>> = {
  Records: 'Write records to topics and read them again.',
  Topics: 'Named, partitioned logs.',
  'API keys': "What a tenant's programs authenticate with.",
  Platform: 'Management of the platform; needs a key of an operator.',
  Cluster: 'Brokers and the places of partitions; needs a key of an operator.',
  Service: 'The gateway about itself.',
}

/** Identity of the API in the document; grows with additions, as /v1 does not. */
const API_VERSION = '1.0.0'

export function openApiDocument(routes: readonly RouteDescription[]): Record<string, unknown> {
  const components: Components = { Problem }
  const paths: Record<string, Record<string, unknown>> = {}
  for (const route of routes) {
    const operations = paths[route.path] ?? {}
    paths[route.path] = operations
    operations[route.method.toLowerCase()] = operation(route, components)
  }
  return {
    openapi: '3.1.0',
    info: {
      title: 'Courant',
      version: API_VERSION,
      description: DESCRIPTION,
      license: { name: 'Apache-2.0', identifier: 'Apache-2.0' },
    },
    servers: [{ url: '/' }],
    tags: Object.entries(TAGS).map(([name, description]) => ({ name, description })),
    paths,
    components: {
      schemas: Object.fromEntries(Object.entries(components).sort(byName)),
      securitySchemes: {
        bearer: { type: 'http', scheme: 'bearer', description: '`crt_<keyId>_<secret>`' },
        basic: { type: 'http', scheme: 'basic', description: '`keyId` and `secret`' },
      },
    },
  }
}

function operation(route: RouteDescription, components: Components): Record<string, unknown> {
  const parameters = [
    ...parametersOf(route.params, 'path', components),
    ...parametersOf(route.query, 'query', components),
  ]
  return {
    operationId: route.operationId,
    tags: [route.tag],
    summary: route.summary,
    description: route.description,
    security: route.access === 'public' ? [] : [{ bearer: [] }, { basic: [] }],
    ...(parameters.length === 0 ? {} : { parameters }),
    ...(route.body === undefined
      ? {}
      : { requestBody: { required: true, content: contentOf(route.body, components) } }),
    responses: { ...successes(route, components), ...failures(route) },
  }
}

function parametersOf(
  schema: RouteDescription['params'],
  where: 'path' | 'query',
  components: Components,
): unknown[] {
  if (schema === undefined) return []
  const { properties = {}, required = [] } = toJsonSchema(schema, components)
  return Object.entries(properties).map(([name, { description, ...rest }]) => ({
    name,
    in: where,
    required: where === 'path' || required.includes(name),
    ...(description === undefined ? {} : { description }),
    schema: rest,
    ...(where === 'path' ? { example: PATH_SAMPLES[name] } : {}),
  }))
}

/** `*` is how we write "any other type"; OpenAPI writes a range. */
function contentOf(
  content: Readonly<Record<string, Content>>,
  components: Components,
): Record<string, unknown> {
  return Object.fromEntries(
    Object.entries(content).map(([type, { schema, example }]) => [
      type === '*' ? '*/*' : type,
      { schema: toJsonSchema(schema, components), example },
    ]),
  )
}

function successes(route: RouteDescription, components: Components): Record<string, unknown> {
  return Object.fromEntries(
    Object.entries(route.responses).map(([status, response]) => [
      status,
      success(response, components),
    ]),
  )
}

function success(response: ResponseDescription, components: Components): Record<string, unknown> {
  const { description, content, headers } = response
  return {
    description,
    ...(headers === undefined ? {} : { headers: headersOf(headers) }),
    ...(content === undefined ? {} : { content: contentOf(content, components) }),
  }
}

function headersOf(headers: Readonly<Record<string, string>>): Record<string, unknown> {
  return Object.fromEntries(
    Object.entries(headers).map(([name, description]) => [
      name,
      { description, schema: { type: 'string' } },
    ]),
  )
}

/** One response a status, with an example for each of its codes. A described answer comes first. */
function failures(route: RouteDescription): Record<string, unknown> {
  const byStatus = new Map<number, ErrorCode[]>()
  for (const code of errorsOf(route)) {
    const { http } = errorCodes[code]
    if (route.responses[http] === undefined)
      byStatus.set(http, [...(byStatus.get(http) ?? []), code])
  }
  return Object.fromEntries(
    [...byStatus].map(([status, codes]) => [
      status,
      {
        description: codes.map((code) => `\`${code}\`: ${errorCodes[code].title}.`).join(' '),
        content: {
          [PROBLEM_TYPE]: {
            schema: { $ref: '#/components/schemas/Problem' },
            examples: Object.fromEntries(codes.map((code) => [code, { value: sample(code) }])),
          },
        },
      },
    ]),
  )
}

function sample(code: ErrorCode): unknown {
  return problemOf(new BusError(code, `${errorCodes[code].title}.`), 'b1946ac92492-7f')
}

const Problem: JsonSchema = {
  type: 'object',
  description: 'RFC 9457. Further members depend on the code.',
  required: ['type', 'title', 'status', 'detail', 'code', 'retriable', 'applied', 'requestId'],
  properties: {
    type: { type: 'string', description: 'Where the code is explained.' },
    title: { type: 'string' },
    status: { type: 'integer' },
    detail: { type: 'string', description: 'What was wrong and what would help.' },
    code: { type: 'string', description: 'Stable. New codes may come: go by status then.' },
    retriable: { type: 'boolean', description: 'The same request may succeed later.' },
    applied: {
      type: 'string',
      enum: ['no', 'unknown'],
      description: 'May it have happened? Only after `no` is a blind retry free of duplicates.',
    },
    requestId: { type: 'string' },
    retryAfterMs: { type: 'number' },
    errors: {
      type: 'array',
      items: {
        type: 'object',
        required: ['pointer', 'detail'],
        properties: {
          pointer: {
            type: 'string',
            description: 'JSON pointer into the body, or `?name` of a parameter.',
          },
          detail: { type: 'string' },
        },
      },
    },
  },
}

function byName([a]: readonly [string, unknown], [b]: readonly [string, unknown]): number {
  return a < b ? -1 : 1
}

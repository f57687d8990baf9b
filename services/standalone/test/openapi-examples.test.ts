/**
 * Goal: the OpenAPI document tells the truth. Every request example of the document that the server
 * itself hands out is sent to it, and each answer must have a documented status and fit its schema.
 */
import { Ajv2020 } from 'ajv/dist/2020.js'
import { beforeAll, describe, expect, inject, it } from 'vitest'
import { type Call, call, newTenant } from './support/api.ts'

interface Content {
  readonly schema: object
  readonly example?: unknown
}

interface Operation {
  readonly operationId: string
  readonly tags: readonly string[]
  readonly requestBody?: { readonly content: Readonly<Record<string, Content>> }
  readonly responses: Readonly<
    Record<string, { readonly content?: Readonly<Record<string, Content>> }>
  >
}

interface OpenApi {
  readonly paths: Readonly<Record<string, Readonly<Record<string, Operation>>>>
  readonly components: object
}

const { url } = inject('standalone')
const document = await fetch(`${url}/openapi.json`).then(
  (answer) => answer.json() as Promise<OpenApi>,
)
const operations = Object.entries(document.paths).flatMap(([path, methods]) =>
  Object.entries(methods).map(([method, operation]) => ({
    path,
    method: method.toUpperCase(),
    operation,
    name: operation.operationId,
  })),
)
/** What must be asked before the rest, and what only after it. */
const FIRST = ['createTopic', 'produceRecords', 'pollGroup', 'createApiKey', 'createTenant']
const LAST = ['leaveGroup', 'deleteGroup', 'revokeApiKey', 'deleteTopic']
/** Their answers have no end: the tests of groups read them. */
const ENDLESS = ['streamMember']
const OPERATORS = ['Platform', 'Cluster']
const ordered = [
  ...FIRST.flatMap((name) => operations.filter((entry) => entry.name === name)),
  ...operations.filter(({ name }) => ![...FIRST, ...LAST, ...ENDLESS].includes(name)),
  ...LAST.flatMap((name) => operations.filter((entry) => entry.name === name)),
]

const ajv = new Ajv2020({ strict: false, validateFormats: false })
ajv.addSchema({ $id: 'openapi', components: document.components })

let key: string
let keyId: string

beforeAll(async () => {
  key = await newTenant('examples')
  const made = await call(key, { method: 'POST', path: '/v1/api-keys', body: { name: 'a' } })
  keyId = made.json.keyId
})

function requestsOf({ path, method, operation }: (typeof operations)[number]): Call[] {
  const filled = path
    .replace('{topic}', 'orders')
    .replace('{partition}', '3')
    .replace('{keyId}', keyId)
    .replace('{brokerId}', '1')
    .replace('{group}', 'billing')
    .replace('{memberId}', 'worker-1')
  if (operation.requestBody === undefined) return [{ method, path: filled }]
  return Object.entries(operation.requestBody.content).map(([type, { example }]) => ({
    method,
    path: filled,
    body: example,
    headers: { 'content-type': type === '*/*' ? 'text/plain' : type },
  }))
}

function fitsSchema(schema: object, value: unknown): string {
  const local = JSON.stringify(schema).replaceAll('"#/components/', '"openapi#/components/')
  const validate = ajv.compile(JSON.parse(local))
  return validate(value) ? '' : ajv.errorsText(validate.errors)
}

describe('the examples of the OpenAPI document', () => {
  it.each(ordered)('$method $path', async (entry) => {
    const { operation, method } = entry
    const { operatorKey } = inject('standalone')
    const isOperators = operation.tags.some((tag) => OPERATORS.includes(tag))
    const credential = isOperators ? operatorKey : key
    for (const request of requestsOf(entry)) {
      const answer = await call(credential, request)
      const described = operation.responses[String(answer.status)]
      expect(described, `${answer.status} is documented: ${answer.text}`).toBeDefined()
      if (method === 'GET') expect(answer.status, answer.text).toBeLessThan(400)
      const type = (answer.headers.get('content-type') ?? '').split(';')[0] ?? ''
      const content = described?.content?.[type]
      if (answer.text === '') continue
      expect(content, `${type} is documented`).toBeDefined()
      if (answer.json !== undefined) expect(fitsSchema(content?.schema ?? {}, answer.json)).toBe('')
    }
  })

  it('cover every list and get', () => {
    const gets = operations.filter(({ method }) => method === 'GET')
    expect(gets.length).toBeGreaterThan(10)
    for (const { operation } of gets) {
      const [success] = Object.entries(operation.responses)
      const examples = Object.values(success?.[1].content ?? {}).map(({ example }) => example)
      expect(examples.length, operation.operationId).toBeGreaterThan(0)
      for (const example of examples) expect(example, operation.operationId).toBeDefined()
    }
  })
})

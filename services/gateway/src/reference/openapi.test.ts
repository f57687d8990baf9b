/** Goal: the document tells the whole truth about the routes, and every example is one. */
import { errorCodes } from '@courant/kernel'
import { Ajv } from 'ajv'
import { describe, expect, it } from 'vitest'
import { allRoutes } from '../rest/all-routes.ts'
import type { Content } from '../rest/route.ts'
import { errorsOf } from '../rest/route-errors.ts'
import { openApiDocument } from './openapi.ts'

interface Operation {
  readonly operationId: string
  readonly security: readonly unknown[]
  readonly parameters?: readonly { readonly name: string; readonly in: string }[]
  readonly requestBody?: { readonly content: ByType }
  readonly responses: Readonly<Record<string, { readonly content?: ByType }>>
}
type ByType = Readonly<
  Record<
    string,
    { readonly schema: object; readonly example?: unknown; readonly examples?: Examples }
  >
>
type Examples = Readonly<Record<string, { readonly value: unknown }>>

const document = openApiDocument(allRoutes)
const paths = document['paths'] as Record<string, Record<string, Operation>>
const ajv = new Ajv({ strict: false, allowUnionTypes: true })
ajv.addSchema({ $id: 'document', ...document })

/** Whether the value is what the schema says; references lead into the document. */
function errorsIn(schema: object, value: unknown): unknown {
  const rooted = JSON.parse(
    JSON.stringify(schema).replaceAll('"#/components', '"document#/components'),
  )
  const check = ajv.compile(rooted)
  return check(value) ? null : check.errors
}

function contentsOf(operation: Operation): readonly (readonly [string, ByType[string]])[] {
  const contents = [
    operation.requestBody?.content,
    ...Object.values(operation.responses).map(({ content }) => content),
  ]
  return contents.flatMap((content) => Object.entries(content ?? {}))
}

describe('the OpenAPI document', () => {
  it('has every route of the table and no other', () => {
    const described = Object.entries(paths).flatMap(([path, operations]) =>
      Object.keys(operations).map((method) => `${method.toUpperCase()} ${path}`),
    )
    expect(described.sort()).toEqual(
      allRoutes.map(({ method, path }) => `${method} ${path}`).sort(),
    )
  })

  it('gives every operation an id of its own', () => {
    const ids = allRoutes.map(({ operationId }) => operationId)
    expect(new Set(ids).size).toBe(ids.length)
  })

  describe.each(allRoutes)('$method $path', (route) => {
    const operation = paths[route.path]?.[route.method.toLowerCase()] as Operation

    it('names every parameter of its path, and asks for a credential unless it is public', () => {
      const inPath = [...route.path.matchAll(/\{(\w+)\}/g)].map(([, name]) => name)
      const described = (operation.parameters ?? []).filter((parameter) => parameter.in === 'path')
      expect(described.map(({ name }) => name)).toEqual(inPath)
      expect(operation.security).toHaveLength(route.access === 'public' ? 0 : 2)
    })

    it('has examples that are what the schemas say', () => {
      for (const [type, { schema, example, examples }] of contentsOf(operation)) {
        const values =
          examples === undefined ? [example] : Object.values(examples).map(({ value }) => value)
        expect(values.length).toBeGreaterThan(0)
        for (const value of values) {
          expect([type, value === undefined]).toEqual([type, false])
          expect([type, errorsIn(schema, value)]).toEqual([type, null])
        }
      }
    })

    it('describes every error that it may answer, under its status', () => {
      for (const code of errorsOf(route)) {
        const { http } = errorCodes[code]
        if (route.responses[http] !== undefined) continue
        const problem = operation.responses[http]?.content?.['application/problem+json']
        expect(problem?.examples?.[code]?.value).toMatchObject({ code, status: http })
      }
    })

    it('takes closed objects and answers open ones', () => {
      const answers = Object.values(route.responses).flatMap(({ content }) => schemasOf(content))
      const given = [route.query, ...schemasOf(route.body)].filter((schema) => schema !== undefined)
      for (const schema of answers)
        expect(schema).not.toMatchObject({ additionalProperties: false })
      for (const schema of given) {
        const hasMembers =
          Object.keys((schema as { properties?: object }).properties ?? {}).length > 0
        if (hasMembers) expect(schema).toMatchObject({ additionalProperties: false })
      }
    })
  })

  it('resolves every reference', () => {
    const components = document['components'] as { schemas: Record<string, unknown> }
    const references = [
      ...JSON.stringify(document).matchAll(/"\$ref":"#\/components\/schemas\/(\w+)"/g),
    ]
    expect(references.length).toBeGreaterThan(0)
    for (const [, name = ''] of references) expect(Object.keys(components.schemas)).toContain(name)
  })
})

function schemasOf(content: Readonly<Record<string, Content>> | undefined): readonly object[] {
  return Object.values(content ?? {}).map(({ schema }) => schema)
}

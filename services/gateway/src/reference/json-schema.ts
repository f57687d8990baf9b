/** JSON Schema as plain data: what TypeBox's objects are apart from their types. */
import type { TSchema } from 'typebox'

export interface JsonSchema {
  readonly $ref?: string
  readonly type?: string | readonly string[]
  readonly description?: string
  readonly enum?: readonly unknown[]
  readonly const?: unknown
  readonly minimum?: number
  readonly maximum?: number
  readonly maxLength?: number
  readonly properties?: Readonly<Record<string, JsonSchema>>
  readonly required?: readonly string[]
  readonly items?: JsonSchema
  readonly anyOf?: readonly JsonSchema[]
  readonly oneOf?: readonly JsonSchema[]
  readonly patternProperties?: Readonly<Record<string, JsonSchema>>
  readonly additionalProperties?: boolean | JsonSchema
}

export type Components = Record<string, JsonSchema>

/**
 * The schema with every named part replaced by a reference; the parts are put into `components`.
 */
export function toJsonSchema(schema: TSchema, components: Components): JsonSchema {
  return withReferences(JSON.parse(JSON.stringify(schema)), components) as JsonSchema
}

function withReferences(node: unknown, components: Components): unknown {
  if (Array.isArray(node)) return node.map((item) => withReferences(item, components))
  if (typeof node !== 'object' || node === null) return node
  const { $id, ...members }: Record<string, unknown> = { ...node }
  const plain = Object.fromEntries(
    Object.entries(members).map(([name, member]) => [name, withReferences(member, components)]),
  )
  if (typeof $id !== 'string') return plain
  components[$id] = plain
  return { $ref: `#/components/schemas/${$id}` }
}

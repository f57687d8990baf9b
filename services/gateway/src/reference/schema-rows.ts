import type { Components, JsonSchema } from './json-schema.ts'

/** One member of an object, as a line of a table. */
export interface SchemaRow {
  /** Path from the top: `config.retentionMs`, `records[].key`. */
  readonly name: string
  readonly type: string
  readonly required: boolean
  readonly description: string
}

const DEPTH_MAX = 4

/** The members of an object, nested ones below their parents. Not an object: no rows. */
export function schemaRows(
  schema: JsonSchema,
  components: Components,
  prefix = '',
  depth = 0,
): SchemaRow[] {
  const { properties, required = [] } = resolve(schema, components)
  if (properties === undefined || depth >= DEPTH_MAX) return []
  return Object.entries(properties).flatMap(([name, member]) => {
    const path = `${prefix}${name}`
    const resolved = resolve(member, components)
    const row = {
      name: path,
      type: typeOf(resolved, components),
      required: required.includes(name),
      description: [member.description ?? resolved.description ?? '', bounds(resolved)]
        .filter((part) => part !== '')
        .join(' '),
    }
    const inner = resolved.items ?? resolved
    const below = resolved.items === undefined ? `${path}.` : `${path}[].`
    return [row, ...schemaRows(inner, components, below, depth + 1)]
  })
}

function resolve(schema: JsonSchema, components: Components): JsonSchema {
  const name = schema.$ref?.split('/').at(-1)
  return name === undefined ? schema : (components[name] ?? schema)
}

/** The type in words. */
function typeOf(schema: JsonSchema, components: Components): string {
  const { type, items, anyOf, oneOf } = resolve(schema, components)
  const choices = anyOf ?? oneOf
  if (choices !== undefined) return choices.map((each) => typeOf(each, components)).join(' or ')
  if (schema.const !== undefined) return JSON.stringify(schema.const)
  if (type === 'array') return `array of ${items === undefined ? 'any' : typeOf(items, components)}`
  if (type === undefined) return 'any'
  return typeof type === 'string' ? type : type.join(' or ')
}

function bounds(schema: JsonSchema): string {
  const parts: string[] = []
  const choices = schema.enum?.filter((choice) => choice !== null)
  if (choices !== undefined)
    parts.push(`One of ${choices.map((each) => `\`${each}\``).join(', ')}.`)
  const { minimum, maximum, maxLength } = schema
  if (minimum !== undefined && maximum !== undefined && maximum < Number.MAX_SAFE_INTEGER) {
    parts.push(`${minimum} to ${maximum}.`)
  } else if (minimum !== undefined && minimum !== 0) parts.push(`At least ${minimum}.`)
  if (maxLength !== undefined) parts.push(`At most ${maxLength} characters.`)
  return parts.join(' ')
}

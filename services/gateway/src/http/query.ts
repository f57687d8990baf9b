/**
 * Query strings and path parameters are text; schemas speak of numbers and booleans. Only a text
 * that is exactly how we would write the value becomes that value: ajv's own coercion also takes
 * " 5", "0x10" and "1e3" for numbers. What does not convert stays text and fails validation.
 */
import type { FieldViolation } from '@courant/kernel'

export type ParameterType = 'integer' | 'boolean' | 'string'

const DECIMAL = /^(?:0|-?[1-9]\d{0,15})$/

/** The values by name, or what is wrong with how they were given. */
export function convertParameters(
  given: Readonly<Record<string, unknown>>,
  types: ReadonlyMap<string, ParameterType>,
): { readonly values: Record<string, unknown> } | { readonly violation: FieldViolation } {
  const values: Record<string, unknown> = Object.create(null)
  for (const [name, text] of Object.entries(given)) {
    if (Array.isArray(text)) {
      return { violation: { pointer: `?${name}`, detail: `${name} is given more than once.` } }
    }
    values[name] = convert(text, types.get(name) ?? 'string')
  }
  return { values }
}

function convert(text: unknown, type: ParameterType): unknown {
  if (typeof text !== 'string') return text
  if (type === 'integer') return DECIMAL.test(text) ? Number(text) : text
  if (type === 'boolean') return text === 'true' ? true : text === 'false' ? false : text
  return text
}

/**
 * Schema validation as fastify calls it, with fastify's habits taken out: no coercion, no removal
 * of unknown members, no defaults written into bodies. fastify's own compiler turns `key: null`
 * into `""` and drops misspelt members in silence; both lose data without a word.
 */
import { BusError, type ErrorCode, type FieldViolation } from '@courant/kernel'
import { Ajv, type AnySchema, type ErrorObject, type ValidateFunction } from 'ajv'
import type { FastifySchemaCompiler } from 'fastify'
import { escapePointer } from '../produce/record-problem.ts'
import { convertParameters, type ParameterType } from './query.ts'

/**
 * A caller can mend that many at a time; a body of a million misspelt members shall not cost us.
 */
const VIOLATIONS_MAX = 20

type Verdict = { readonly value: unknown } | { readonly error: BusError }

/** Compiles the schemas of bodies, query strings and path parameters. */
export const validatorCompiler: FastifySchemaCompiler<unknown> = ({ schema, httpPart }) => {
  const check = ajv.compile(asSchema(schema))
  if (httpPart === 'body') return (body: unknown) => verdict(check, body, '')
  const types = parameterTypes(schema)
  return (given: Record<string, unknown>): Verdict => {
    const converted = convertParameters(given, types)
    if ('violation' in converted) return { error: refusal([converted.violation]) }
    return verdict(check, converted.values, '?')
  }
}

const ajv = new Ajv({
  strict: true,
  allErrors: true,
  coerceTypes: false,
  removeAdditional: false,
  useDefaults: false,
  allowUnionTypes: true,
  messages: true,
  ownProperties: true,
  verbose: true,
})

function verdict(check: ValidateFunction, value: unknown, prefix: '' | '?'): Verdict {
  if (check(value)) return { value }
  const errors = (check.errors ?? []).slice(0, VIOLATIONS_MAX)
  return { error: refusal(errors.map((error) => violationOf(error, prefix))) }
}

/** The message of the first violation is the detail, because most callers print only that. */
function refusal(violations: readonly FieldViolation[]): BusError {
  const [first] = violations
  const detail =
    first === undefined ? 'The request is not valid.' : `${first.pointer}: ${first.detail}`
  return new BusError(codeFor(violations), detail, { violations })
}

function codeFor(violations: readonly FieldViolation[]): ErrorCode {
  const config = violations.every(({ pointer }) => pointer.startsWith('/config/'))
  return config && violations.length > 0 ? 'INVALID_CONFIG' : 'INVALID_ARGUMENT'
}

function violationOf(error: ErrorObject, prefix: '' | '?'): FieldViolation {
  const path = prefix === '?' ? error.instancePath.replace('/', '?') : error.instancePath
  const child = (name: unknown): string =>
    path === '' && prefix === '?' ? `?${String(name)}` : `${path}/${escapePointer(String(name))}`
  switch (error.keyword) {
    case 'additionalProperties':
      return {
        pointer: child(error.params['additionalProperty']),
        detail: `This is not known here.${known(error)}`,
      }
    case 'required':
      return { pointer: child(error.params['missingProperty']), detail: 'This is required.' }
    case 'enum': {
      const values = (error.params['allowedValues'] as readonly unknown[]).join(', ')
      return { pointer: path, detail: `This must be one of ${values}.` }
    }
    default:
      return { pointer: path, detail: `This ${error.message ?? 'is not valid'}.` }
  }
}

/** Names what would be known, so that a misspelling explains itself. */
function known(error: ErrorObject): string {
  const properties: unknown = error.parentSchema?.['properties']
  const names = typeof properties === 'object' && properties !== null ? Object.keys(properties) : []
  return names.length === 0 ? '' : ` Known: ${names.join(', ')}.`
}

function parameterTypes(schema: unknown): ReadonlyMap<string, ParameterType> {
  const types = new Map<string, ParameterType>()
  const { properties } = asSchema(schema) as { properties?: Record<string, { type?: unknown }> }
  for (const [name, { type }] of Object.entries(properties ?? {})) {
    types.set(name, type === 'integer' || type === 'boolean' ? type : 'string')
  }
  return types
}

function asSchema(schema: unknown): AnySchema & object {
  if (typeof schema !== 'object' || schema === null) throw new TypeError('a schema is an object')
  return schema
}

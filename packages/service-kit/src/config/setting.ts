import { assert } from '@courant/kernel'
import type { Kind } from './kind.ts'

/**
 * One environment variable: its name, what it may hold, what it is when absent, and a sentence for
 * the reference page. An empty variable counts as absent, because that is what container tools pass
 * for a variable without a value.
 */
export interface Setting<Value> {
  readonly name: string
  readonly kind: Kind<unknown>
  readonly doc: string
  /** As an operator would write it; null where there is none. */
  readonly defaultText: string | null
  readonly required: boolean
  parse(text: string): Value | null
  absent(): Value
}

/** The values of a record of settings. */
export type ConfigOf<Settings> = {
  readonly [Name in keyof Settings]: Settings[Name] extends Setting<infer Value> ? Value : never
}

/** A setting that must be given. */
export function required<Value>(name: string, kind: Kind<Value>, doc: string): Setting<Value> {
  return {
    name,
    kind,
    doc,
    defaultText: null,
    required: true,
    parse: (text) => kind.parse(text),
    absent: () => {
      throw new Error(`${name} is required and has no value when absent`)
    },
  }
}

/** A setting that is null when absent. */
export function optional<Value>(
  name: string,
  kind: Kind<Value>,
  doc: string,
): Setting<Value | null> {
  return {
    name,
    kind,
    doc,
    defaultText: null,
    required: false,
    parse: (text) => kind.parse(text),
    absent: () => null,
  }
}

/** A setting with a default, written as an operator would write it. */
export function withDefault<Value>(
  name: string,
  kind: Kind<Value>,
  defaultText: string,
  doc: string,
): Setting<Value> {
  const value = kind.parse(defaultText)
  assert(value !== null, `the default of ${name} is not a legal value`)
  return {
    name,
    kind,
    doc,
    defaultText,
    required: false,
    parse: (text) => kind.parse(text),
    absent: () => value,
  }
}

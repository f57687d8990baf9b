import { assert } from '@courant/kernel'

/**
 * The vocabulary in which messages are declared. A declaration is data: `compile-encoder.ts` and
 * `compile-decoder.ts` turn it into code once for every version that is used, and TypeScript infers
 * the shape of the message from it, so that a field is written down in one place only.
 *
 * Every type has two shapes: `Out`, what decoding yields, and `In`, what encoding accepts. They
 * differ where encoding is more generous: fields with a default may be left out, and records may be
 * a list of chunks.
 */
export interface WireType<Out, In = Out> {
  readonly node: TypeNode
  /** Types only; never present. */
  readonly shape?: { readonly out: Out; readonly in: In }
}

/** A field that some versions lack, or that is tagged: absent, it has its default. */
export interface OptionalField<Out, In> {
  readonly field: FieldNode
  readonly shape?: { readonly out: Out; readonly in: In }
}

export type TypeNode =
  | { readonly kind: 'scalar'; readonly method: ScalarMethod; readonly size: number }
  | { readonly kind: 'string' | 'records'; readonly nullable: boolean }
  | { readonly kind: 'array'; readonly nullable: boolean; readonly element: TypeNode }
  | { readonly kind: 'struct'; readonly fields: readonly FieldNode[] }

type ScalarMethod = 'int8' | 'int16' | 'int32' | 'int64' | 'boolean'
export type DefaultValue = number | string | boolean | null | readonly never[]

export interface FieldNode {
  readonly name: string
  readonly type: TypeNode
  readonly since: number
  /** Value when a version lacks the field or the sender left it out; undefined: required. */
  readonly initial: DefaultValue | undefined
  /** Tag, for a field of the tagged section; null for one with a place of its own. */
  readonly tag: number | null
}

export type Declaration = Readonly<
  Record<string, WireType<unknown, unknown> | OptionalField<unknown, unknown>>
>

type Shape<Item, Side extends 'in' | 'out'> = Item extends {
  readonly shape?: { readonly [Key in Side]: infer Value }
}
  ? Value
  : never

type OptionalNames<Fields extends Declaration> = {
  [Name in keyof Fields]: Fields[Name] extends { readonly field: FieldNode } ? Name : never
}[keyof Fields]

/** What decoding a declared struct yields. */
export type Decoded<Fields extends Declaration> = {
  readonly [Name in keyof Fields]: Shape<Fields[Name], 'out'>
}

/** What encoding a declared struct accepts. */
export type Encodable<Fields extends Declaration> = {
  readonly [Name in Exclude<keyof Fields, OptionalNames<Fields>>]: Shape<Fields[Name], 'in'>
} & { readonly [Name in OptionalNames<Fields>]?: Shape<Fields[Name], 'in'> }

export const int8 = scalar<number>('int8', 1)
export const int16 = scalar<number>('int16', 2)
export const int32 = scalar<number>('int32', 4)
/** As a number; decoding refuses what is not a safe integer. */
export const int64 = scalar<number>('int64', 8)
export const boolean = scalar<boolean>('boolean', 1)
export const string: WireType<string> = { node: { kind: 'string', nullable: false } }
export const nullableString: WireType<string | null> = { node: { kind: 'string', nullable: true } }
/** Record batches: decoded as a view of the frame, encoded without a copy. */
export const records: WireType<Buffer | null, Buffer | readonly Buffer[] | null> = {
  node: { kind: 'records', nullable: true },
}

export function array<Out, In>(
  element: WireType<Out, In>,
): WireType<readonly Out[], readonly In[]> {
  return { node: { kind: 'array', nullable: false, element: element.node } }
}

export function nullableArray<Out, In>(
  element: WireType<Out, In>,
): WireType<readonly Out[] | null, readonly In[] | null> {
  return { node: { kind: 'array', nullable: true, element: element.node } }
}

export function struct<const Fields extends Declaration>(
  fields: Fields,
): WireType<Decoded<Fields>, Encodable<Fields>> {
  const nodes = Object.entries(fields).map(([name, declared]) => fieldNode(name, declared))
  const tags = nodes.flatMap(({ tag }) => (tag === null ? [] : [tag]))
  assert(
    tags.every((tag, index) => index === 0 || tag > Number(tags[index - 1])),
    'tagged fields are declared in the order of their tags',
  )
  return { node: { kind: 'struct', fields: nodes } }
}

/** A field that versions before `version` lack. */
export function since<Out, In>(
  version: number,
  type: WireType<Out, In>,
  initial: DefaultValue & Out,
): OptionalField<Out, In> {
  return { field: { name: '', type: type.node, since: version, initial, tag: null } }
}

/** A field of the tagged section, sent only when it differs from its default. */
export function tagged<Out, In, Initial extends DefaultValue>(
  version: number,
  tag: number,
  type: WireType<Out, In>,
  initial: Initial,
): OptionalField<Out | Initial, In | Initial> {
  return { field: { name: '', type: type.node, since: version, initial, tag } }
}

function fieldNode(
  name: string,
  declared: WireType<unknown, unknown> | OptionalField<unknown, unknown>,
): FieldNode {
  // The name becomes part of generated code.
  assert(/^[a-z][A-Za-z0-9]*$/.test(name), 'a field name is a plain identifier')
  return 'field' in declared
    ? { ...declared.field, name }
    : { name, type: declared.node, since: 0, initial: undefined, tag: null }
}

function scalar<Value>(method: ScalarMethod, size: number): WireType<Value> {
  return { node: { kind: 'scalar', method, size } }
}

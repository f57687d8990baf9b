import fc from 'fast-check'
import type { FieldNode, TypeNode } from '../src/schema.ts'

/**
 * Any message that a declaration allows in a version; fields that the version lacks: their default.
 */
export function arbitraryMessage(
  node: TypeNode,
  version: number,
  flexibleSince: number,
): fc.Arbitrary<unknown> {
  switch (node.kind) {
    case 'scalar':
      return scalars[node.method]
    case 'string':
      return node.nullable ? fc.option(text) : text
    case 'records':
      return fc.option(fc.oneof(bytes(0, 64), bytes(8_000, 9_000)))
    case 'array': {
      const items = fc.array(arbitraryMessage(node.element, version, flexibleSince), {
        maxLength: 4,
      })
      return node.nullable ? fc.option(items) : items
    }
    case 'struct':
      return fc.record(
        Object.fromEntries(
          node.fields.map((field) => [field.name, arbitraryField(field, version, flexibleSince)]),
        ),
      )
  }
}

function arbitraryField(
  field: FieldNode,
  version: number,
  flexibleSince: number,
): fc.Arbitrary<unknown> {
  const absent = version < field.since || (field.tag !== null && version < flexibleSince)
  if (absent) return fc.constant(field.initial)
  const value = arbitraryMessage(field.type, version, flexibleSince)
  return field.initial === undefined ? value : fc.oneof(fc.constant(field.initial), value)
}

const text = fc.string({ unit: 'grapheme', maxLength: 40 })

const scalars = {
  int8: fc.integer({ min: -0x80, max: 0x7f }),
  int16: fc.integer({ min: -0x8000, max: 0x7fff }),
  int32: fc.integer({ min: -0x8000_0000, max: 0x7fff_ffff }),
  int64: fc.maxSafeInteger(),
  boolean: fc.boolean(),
}

function bytes(minLength: number, maxLength: number): fc.Arbitrary<Buffer> {
  return fc.uint8Array({ minLength, maxLength }).map((array) => Buffer.from(array))
}

import { assert } from '@courant/kernel'
import type { DefaultValue, FieldNode, TypeNode } from './schema.ts'
import { present, type WireReader } from './wire-reader.ts'

/** Reads one message of one version. */
export type Decode = (reader: WireReader) => unknown

/**
 * Turns a declaration into JavaScript source that reads exactly one version, and compiles it. An
 * interpreter of the declaration would assign properties under computed names, and every read would
 * be a megamorphic call: about ten times slower on a Produce request. The source contains nothing
 * but method names of WireReader, field names (checked to be identifiers) and defaults from our own
 * tables, never anything from a request.
 */
export function compileDecoder(root: TypeNode, version: number, flexibleSince: number): Decode {
  const compiler = new DecoderCompiler(version, version >= flexibleSince)
  const entry = compiler.value(root)
  const source = `${compiler.functions.join('\n')}\nreturn (reader) => ${entry}`
  return new Function('present', source)(present)
}

class DecoderCompiler {
  readonly functions: string[] = []
  readonly #version: number
  readonly #flexible: boolean

  constructor(version: number, flexible: boolean) {
    this.#version = version
    this.#flexible = flexible
  }

  /** An expression that reads a value of the type from `reader`. */
  value(type: TypeNode): string {
    switch (type.kind) {
      case 'scalar':
        return `reader.${type.method}()`
      case 'string':
        return `reader.${this.#method(type.nullable ? 'nullableString' : 'string')}()`
      case 'records':
        return `reader.${this.#method('records')}()`
      case 'array':
        return type.nullable ? this.#array(type.element) : `present(${this.#array(type.element)})`
      case 'struct':
        return this.#struct(type.fields)
    }
  }

  #array(element: TypeNode): string {
    const length = `reader.${this.#method('arrayLength')}(${this.#sizeMin(element)})`
    return this.#define(`const length = ${length}
      if (length === -1) return null
      const items = new Array(length)
      for (let index = 0; index < length; index++) items[index] = ${this.value(element)}
      return items`)
  }

  #struct(fields: readonly FieldNode[]): string {
    const placed = fields.filter(({ tag, since }) => tag === null && this.#version >= since)
    const reads = placed.map(({ name, type }) => `const ${name} = ${this.value(type)}`)
    const absent = fields
      .filter((field) => !placed.includes(field))
      .map(({ name, initial }) => `let ${name} = ${literal(initial)}`)
    const names = fields.map(({ name }) => name).join(', ')
    return this.#define(
      [...reads, ...absent, ...this.#taggedSection(fields), `return { ${names} }`].join('\n'),
    )
  }

  #taggedSection(fields: readonly FieldNode[]): string[] {
    if (!this.#flexible) return []
    const cases = fields
      .filter(({ tag, since }) => tag !== null && this.#version >= since)
      .map(({ name, tag, type }) => `case ${tag}: ${name} = ${this.value(type)}; return true`)
    if (cases.length === 0) return ['reader.skipTaggedFields()']
    return [
      `reader.taggedFields((tag, reader) => { switch (tag) { ${cases.join('\n')} }`,
      'return false })',
    ]
  }

  /** The fewest bytes that an element can have: with it, a lying array length is caught at once. */
  #sizeMin(type: TypeNode): number {
    switch (type.kind) {
      case 'scalar':
        return type.size
      case 'string':
        return this.#flexible ? 1 : 2
      case 'records':
      case 'array':
        return this.#flexible ? 1 : 4
      case 'struct': {
        const placed = type.fields.filter(
          ({ tag, since }) => tag === null && this.#version >= since,
        )
        const sizes = placed.map((field) => this.#sizeMin(field.type))
        return sizes.reduce((sum, size) => sum + size, this.#flexible ? 1 : 0)
      }
    }
  }

  #method(name: string): string {
    return this.#flexible ? `compact${name[0]?.toUpperCase()}${name.slice(1)}` : name
  }

  #define(body: string): string {
    const name = `read${this.functions.length}`
    this.functions.push(`function ${name}(reader) {\n${body}\n}`)
    return `${name}(reader)`
  }
}

function literal(initial: DefaultValue | undefined): string {
  assert(initial !== undefined, 'a field that a version lacks has a default')
  return JSON.stringify(initial)
}

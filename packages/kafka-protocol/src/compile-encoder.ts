import type { FieldNode, TypeNode } from './schema.ts'
import type { WireWriter } from './wire-writer.ts'

/** Writes one message of one version. */
export type Encode = (writer: WireWriter, message: unknown) => void

/** The mirror of `compileDecoder`; see there for why it generates source. */
export function compileEncoder(root: TypeNode, version: number, flexibleSince: number): Encode {
  const compiler = new EncoderCompiler(version, version >= flexibleSince)
  const entry = compiler.statement(root, 'value')
  const source = `${compiler.functions.join('\n')}\nreturn (writer, value) => { ${entry} }`
  return new Function(source)()
}

class EncoderCompiler {
  readonly functions: string[] = []
  readonly #version: number
  readonly #flexible: boolean

  constructor(version: number, flexible: boolean) {
    this.#version = version
    this.#flexible = flexible
  }

  /** A statement that writes `value`, an expression, to `writer`. */
  statement(type: TypeNode, value: string): string {
    switch (type.kind) {
      case 'scalar':
        return `writer.${type.method}(${value})`
      case 'string':
        return `writer.${this.#method(type.nullable ? 'nullableString' : 'string')}(${value})`
      case 'records':
        return `writer.${this.#method('records')}(${value})`
      case 'array':
        return this.#array(type.element, value)
      case 'struct':
        return this.#struct(type.fields, value)
    }
  }

  #array(element: TypeNode, value: string): string {
    const length = this.#method('arrayLength')
    const body = `if (value === null) return writer.${length}(-1)
      writer.${length}(value.length)
      for (let index = 0; index < value.length; index++) {
        const item = value[index]
        ${this.statement(element, 'item')}
      }`
    return this.#define(body, value)
  }

  #struct(fields: readonly FieldNode[], value: string): string {
    const present = fields.filter(({ since }) => this.#version >= since)
    const placed = present.filter(({ tag }) => tag === null)
    const writes = placed.map((field) => this.statement(field.type, fieldValue(field)))
    return this.#define([...writes, ...this.#taggedSection(present)].join('\n'), value)
  }

  #taggedSection(present: readonly FieldNode[]): string[] {
    if (!this.#flexible) return []
    const fields = present.filter(({ tag }) => tag !== null)
    const count = fields.map((field) => `(${differs(field)} ? 1 : 0)`).join(' + ')
    const writes = fields.map((field) => {
      const write = this.statement(field.type, fieldValue(field))
      return `if (${differs(field)}) writer.taggedField(${field.tag}, (writer) => { ${write} })`
    })
    return [`writer.unsignedVarint(${count || '0'})`, ...writes]
  }

  #method(name: string): string {
    return this.#flexible ? `compact${name[0]?.toUpperCase()}${name.slice(1)}` : name
  }

  #define(body: string, value: string): string {
    const name = `write${this.functions.length}`
    this.functions.push(`function ${name}(writer, value) {\n${body}\n}`)
    return `${name}(writer, ${value})`
  }
}

function fieldValue(field: FieldNode): string {
  const value = `value.${field.name}`
  if (field.initial === undefined) return value
  return `(${value} === undefined ? ${JSON.stringify(field.initial)} : ${value})`
}

/** Does a tagged field differ from its default, so that it must be sent? */
function differs(field: FieldNode): string {
  const value = fieldValue(field)
  return Array.isArray(field.initial)
    ? `${value}.length > 0`
    : `${value} !== ${JSON.stringify(field.initial)}`
}

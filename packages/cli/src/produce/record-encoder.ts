import { isUtf8 } from 'node:buffer'
import { type KeyPath, keyOf } from './key-field.ts'

/**
 * - `text`: a line is a value, byte for byte.
 * - `json`: a line is a value that is one JSON text.
 * - `record`: a line is a record of the API, as `consume --json` prints it.
 */
export type InputFormat = 'text' | 'json' | 'record'

/** What every record is given, unless the lines are records themselves. */
export interface RecordDefaults {
  readonly key?: string
  readonly partition?: number
  readonly headers?: Readonly<Record<string, string>>
}

/** A line as the API takes it, nothing for a line that is no record, or what is wrong with it. */
export type Encoded = { readonly line: string } | { readonly problem: string } | null

/** JSON text goes out as it came in: parsed and printed again, a 64-bit id would be another. */
export class RecordEncoder {
  readonly #format: InputFormat
  readonly #keyPath: KeyPath | null
  /** Members of every record, from the comma on. */
  readonly #members: string

  constructor(format: InputFormat, keyPath: KeyPath | null, defaults: RecordDefaults) {
    this.#format = format
    this.#keyPath = keyPath
    const members = JSON.stringify(defaults)
    this.#members = members === '{}' ? '' : `,${members.slice(1, -1)}`
  }

  encode(bytes: Buffer): Encoded {
    if (this.#format === 'text') return this.#text(bytes)
    if (!isUtf8(bytes)) return { problem: 'The line is not UTF-8.' }
    const text = bytes.toString('utf8').trim()
    if (text === '') return null
    return this.#format === 'record' ? { line: text } : this.#json(text)
  }

  /** An empty line is an empty value: what is written is what was read. */
  #text(bytes: Buffer): Encoded {
    const value = isUtf8(bytes)
      ? `"valueText":${JSON.stringify(bytes.toString('utf8'))}`
      : `"valueBase64":"${bytes.toString('base64')}"`
    return { line: `{${value}${this.#members}}` }
  }

  /** Checked here, because a line such as `1,"partition":3` would become another record. */
  #json(text: string): Encoded {
    let value: unknown
    try {
      value = JSON.parse(text)
    } catch (error) {
      return { problem: `The line is not JSON: ${error instanceof Error ? error.message : ''}` }
    }
    if (this.#keyPath === null) return { line: `{"value":${text}${this.#members}}` }
    const key = keyOf(text, value, this.#keyPath)
    if (key === null) {
      return { problem: `The line has no text or number at ${this.#keyPath.text}.` }
    }
    return { line: `{"value":${text},"key":${JSON.stringify(key)}${this.#members}}` }
  }
}

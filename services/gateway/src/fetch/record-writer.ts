import type { RecordCursor } from '@courant/record-batch'
import { isJsonValue, JsonScanner } from '../produce/json-scanner.ts'
import { type ByteWriter, constant } from './byte-writer.ts'

/** How a record's bytes are shown. */
export type RecordFormat = 'json' | 'text' | 'base64'

/** May the text hold line breaks? Not where a line is a record. */
export type Lines = 'free' | 'single'

const LINE_FEED = 0x0a
const CARRIAGE_RETURN = 0x0d
const EMPTY = Buffer.alloc(0)

const OFFSET = constant('{"offset":')
const TIMESTAMP = constant(',"timestamp":')
const NO_HEADERS = constant(',"headers":[]}')
const NO_KEY = constant(',"key":null')
const NO_KEY_VALUE = constant(',"key":null,"value":')
const NULL_VALUE = constant(',"value":null')
const VALUE = constant(',"value":')
const HEADERS_END = constant('}]}')
const VALUE_BASE64 = constant(',"valueBase64":')
const KEY = constant(',"key":')
const VALUE_TEXT = constant(',"valueText":')
const KEY_BASE64 = constant(',"keyBase64":')
const FIRST_HEADER = constant(',"headers":[{"name":')
const NEXT_HEADER = constant('},{"name":')

/**
 * Writes records as JSON objects, such that each can be produced again with identical bytes:
 *
 * ```
 * {"offset":41209,"timestamp":1764000000000,"key":"cust-9","value":{"total":4200},"headers":[]}
 * ```
 *
 * In the format `json` a value is spliced in as it is stored, but only after it has been validated
 * as one JSON text: a stored `"},{"offset":…` must not forge a record. `null` is a tombstone and
 * nothing else, so a stored text `null` is shown as `valueText`; so is JSON with spare whitespace
 * around it or, where a line is a record, with a line break in it.
 */
export class RecordWriter {
  readonly #out: ByteWriter
  readonly #format: RecordFormat
  readonly #lines: Lines
  readonly #opening: Buffer | null
  readonly #scanner = new JsonScanner(EMPTY)

  /** `opening`: what every record begins with up to its offset, if that is more than usual. */
  constructor(out: ByteWriter, format: RecordFormat, lines: Lines, opening: Buffer | null = null) {
    this.#opening = opening
    this.#out = out
    this.#format = format
    this.#lines = lines
  }

  /** Writes the cursor's current record. */
  write(cursor: RecordCursor): void {
    const out = this.#out
    if (this.#opening === null) out.constant(OFFSET)
    else out.bytes(this.#opening, 0, this.#opening.length)
    out.integer(cursor.offset)
    out.constant(TIMESTAMP)
    out.integer(cursor.timestamp)
    const { bytes, keyStart, keyEnd, valueStart, valueEnd } = cursor
    const isSpliced = valueStart >= 0 && this.#mayBeSpliced(bytes, valueStart, valueEnd)
    if (keyStart < 0 && isSpliced) out.constant(NO_KEY_VALUE)
    else {
      if (keyStart < 0) out.constant(NO_KEY)
      else this.#textOrBase64('key', bytes, keyStart, keyEnd)
      if (valueStart < 0) out.constant(NULL_VALUE)
      else if (isSpliced) out.constant(VALUE)
      else this.#textOrBase64('valueText', bytes, valueStart, valueEnd)
    }
    if (isSpliced) out.bytes(bytes, valueStart, valueEnd)
    if (cursor.headerCount === 0) out.constant(NO_HEADERS)
    else this.#headers(cursor)
  }

  #mayBeSpliced(bytes: Buffer, start: number, end: number): boolean {
    if (this.#format !== 'json') return false
    if (!isJsonValue(this.#scanner, bytes, start, end)) return false
    if (end - start === 4 && bytes.toString('latin1', start, end) === 'null') return false
    return this.#lines === 'free' || !hasLineBreak(bytes, start, end)
  }

  #textOrBase64(name: 'key' | 'valueText', bytes: Buffer, start: number, end: number): void {
    const out = this.#out
    if (this.#format !== 'base64') {
      const mark = out.size
      out.constant(name === 'key' ? KEY : VALUE_TEXT)
      if (out.text(bytes, start, end)) return
      out.backTo(mark)
    }
    out.constant(name === 'key' ? KEY_BASE64 : VALUE_BASE64)
    out.base64(bytes, start, end)
  }

  #headers(cursor: RecordCursor): void {
    const out = this.#out
    let separator = FIRST_HEADER
    for (const { name, value } of cursor.headers()) {
      out.constant(separator)
      separator = NEXT_HEADER
      out.string(name)
      this.#headerValue(value)
    }
    out.constant(HEADERS_END)
  }

  #headerValue(value: Buffer | null): void {
    const out = this.#out
    if (value === null) {
      out.constant(NULL_VALUE)
      return
    }
    if (this.#format !== 'base64') {
      const mark = out.size
      out.constant(VALUE)
      if (out.text(value, 0, value.length)) return
      out.backTo(mark)
    }
    out.constant(VALUE_BASE64)
    out.base64(value, 0, value.length)
  }
}

function hasLineBreak(bytes: Buffer, start: number, end: number): boolean {
  for (let position = start; position < end; position += 1) {
    const byte = bytes[position]
    if (byte === LINE_FEED || byte === CARRIAGE_RETURN) return true
  }
  return false
}

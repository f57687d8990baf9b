import { type BusError, limits } from '@courant/kernel'
import { isBase64 } from './base64.ts'
import { parseHeaders } from './header-parser.ts'
import { JsonScanner } from './json-scanner.ts'
import type { ParsedRecords } from './parsed-records.ts'
import { escapePointer, problemAt } from './record-problem.ts'

const OPEN_BRACE = 0x7b
const CLOSE_BRACE = 0x7d
const COLON = 0x3a
const COMMA = 0x2c
const QUOTE = 0x22
const LOWER_N = 0x6e

/** What the fields of a record are checked against. */
export interface RecordRules {
  readonly partitionCount: number
  /** Epoch milliseconds; a client's timestamp may be ahead of the clock by the limit. */
  readonly now: number
}

const FIELDS = [
  'key',
  'keyBase64',
  'value',
  'valueText',
  'valueBase64',
  'headers',
  'partition',
  'timestamp',
  'offset',
] as const
type Field = (typeof FIELDS)[number]

const FIELD_BITS: Readonly<Record<Field, number>> = {
  key: 1,
  keyBase64: 2,
  value: 4,
  valueText: 8,
  valueBase64: 16,
  headers: 32,
  partition: 64,
  timestamp: 128,
  offset: 256,
}
const KEY_BITS = FIELD_BITS.key | FIELD_BITS.keyBase64
const VALUE_BITS = FIELD_BITS.value | FIELD_BITS.valueText | FIELD_BITS.valueBase64

/** The names as they stand in a body, longest alternatives last, by their length. */
const NAMES = FIELDS.map((field) => ({ field, bytes: Buffer.from(field) }))
const NAMES_BY_LENGTH = Array.from({ length: 16 }, (_, length) =>
  NAMES.filter(({ bytes }) => bytes.length === length),
)

/**
 * Parses record objects, `{"key":…,"value":…,"headers":…}`, out of a text that is known to be
 * UTF-8. A JSON value is left where it stands in the body; it becomes the bytes of the record
 * unchanged. Nothing is coerced, an unknown field is an error, and null means absent except as a
 * `value`. A record as a fetch answers it is accepted too: its `offset` says nothing here.
 */
export class RecordParser {
  readonly scanner: JsonScanner
  readonly #records: ParsedRecords
  readonly #rules: RecordRules

  constructor(body: Buffer, records: ParsedRecords, rules: RecordRules) {
    this.scanner = new JsonScanner(body)
    this.#records = records
    this.#rules = rules
  }

  /** Adds the record at the scanner's position. Throws with a pointer below `pointerOf()`. */
  parse(pointerOf: () => string): void {
    const index = this.#records.add()
    const { scanner } = this
    if (scanner.peek() !== OPEN_BRACE) {
      this.syntax(scanner.value(), pointerOf)
      throw problemAt('INVALID_RECORD', pointerOf(), 'A record is an object.')
    }
    scanner.position += 1
    let present = 0
    let given = 0
    if (scanner.peek() === CLOSE_BRACE) scanner.position += 1
    else {
      while (true) {
        this.syntax(scanner.string(), pointerOf)
        const field = this.#fieldName(pointerOf)
        const bit = FIELD_BITS[field]
        if ((present & bit) !== 0) throw twice(field, pointerOf)
        present |= bit
        this.syntax(scanner.punctuation(COLON), pointerOf)
        if (this.#field(field, index, pointerOf)) given |= bit
        if (scanner.peek() !== COMMA) break
        scanner.position += 1
      }
      this.syntax(scanner.punctuation(CLOSE_BRACE), pointerOf)
    }
    checkGiven(given, pointerOf)
  }

  /** Throws INVALID_JSON when the scanner has failed. */
  syntax(isGood: boolean, pointerOf: () => string): void {
    if (isGood) return
    const { problem } = this.scanner
    throw problemAt('INVALID_JSON', pointerOf(), `This is not valid JSON: ${problem}.`)
  }

  /** Reads the value of one field. False: it is null, which means absent. */
  #field(field: Field, index: number, pointerOf: () => string): boolean {
    const { scanner } = this
    const first = scanner.peek()
    if (field === 'value') {
      const start = scanner.position
      this.syntax(scanner.value(), pointerOf)
      if (first !== LOWER_N) this.#records.setValue(index, start, scanner.position)
      return true
    }
    if (first === LOWER_N) {
      this.syntax(scanner.value(), pointerOf)
      return false
    }
    switch (field) {
      case 'key':
      case 'valueText':
        this.#text(field, index, pointerOf)
        return true
      case 'keyBase64':
      case 'valueBase64':
        this.#base64(field, index, pointerOf)
        return true
      case 'headers':
        parseHeaders(this, this.#records, index, () => `${pointerOf()}/headers`)
        return true
      default:
        this.#number(field, index, pointerOf)
        return true
    }
  }

  #text(field: 'key' | 'valueText', index: number, pointerOf: () => string): void {
    const { scanner } = this
    this.#requireString(field, pointerOf)
    let start = scanner.stringStart
    let end = scanner.stringEnd
    if (scanner.stringHasEscapes) {
      const bytes = Buffer.from(this.text(() => `${pointerOf()}/${field}`))
      start = this.#records.addSide(bytes)
      end = start + bytes.length
    }
    if (field === 'key') this.#records.setKey(index, start, end)
    else this.#records.setValue(index, start, end)
  }

  #base64(field: 'keyBase64' | 'valueBase64', index: number, pointerOf: () => string): void {
    this.#requireString(field, pointerOf)
    const pointer = (): string => `${pointerOf()}/${field}`
    const { start, end } = this.#records.addSideBase64(this.#base64Text(pointer))
    if (field === 'keyBase64') this.#records.setKey(index, start, end)
    else this.#records.setValue(index, start, end)
  }

  /** The string that was just read, unescaped. Lone surrogates have no UTF-8 and are refused. */
  text(pointerOf: () => string): string {
    const { bytes, stringStart, stringEnd, stringHasEscapes } = this.scanner
    if (!stringHasEscapes) return bytes.toString('utf8', stringStart, stringEnd)
    const text: string = JSON.parse(bytes.toString('utf8', stringStart - 1, stringEnd + 1))
    if (text.isWellFormed()) return text
    throw problemAt('INVALID_RECORD', pointerOf(), 'The text has a surrogate without its pair.')
  }

  /** The bytes that the string which was just read stands for. */
  base64Bytes(pointerOf: () => string): Buffer {
    return Buffer.from(this.#base64Text(pointerOf), 'base64')
  }

  #base64Text(pointerOf: () => string): string {
    const { bytes, stringStart, stringEnd } = this.scanner
    if (isBase64(bytes, stringStart, stringEnd))
      return bytes.toString('latin1', stringStart, stringEnd)
    throw problemAt('INVALID_RECORD', pointerOf(), 'This is not base64 with its padding.')
  }

  #number(field: Field, index: number, pointerOf: () => string): void {
    const { scanner } = this
    const start = scanner.position
    this.syntax(scanner.value(), pointerOf)
    const value = wholeNumber(scanner.bytes, start, scanner.position)
    const pointer = (): string => `${pointerOf()}/${field}`
    if (value < 0) {
      const code = field === 'timestamp' ? 'INVALID_TIMESTAMP' : 'INVALID_RECORD'
      throw problemAt(code, pointer(), `${field} is a whole number, not negative.`)
    }
    if (field === 'partition') this.#setPartition(index, value, pointer)
    if (field === 'timestamp') this.#setTimestamp(index, value, pointer)
  }

  #setPartition(index: number, partition: number, pointerOf: () => string): void {
    const { partitionCount } = this.#rules
    if (partition >= partitionCount) {
      const detail = `The topic has the partitions 0 to ${partitionCount - 1}.`
      throw problemAt('INVALID_RECORD', pointerOf(), detail)
    }
    this.#records.setPartition(index, partition)
  }

  #setTimestamp(index: number, timestamp: number, pointerOf: () => string): void {
    if (timestamp > this.#rules.now + limits.timestampAheadMsMax) {
      const detail = `The timestamp is more than ${limits.timestampAheadMsMax} ms ahead of the clock.`
      throw problemAt('INVALID_TIMESTAMP', pointerOf(), detail)
    }
    this.#records.setTimestamp(index, timestamp)
  }

  #requireString(field: Field, pointerOf: () => string): void {
    const { scanner } = this
    const isString = scanner.peek() === QUOTE
    this.syntax(isString ? scanner.string() : scanner.value(), pointerOf)
    if (isString) return
    throw problemAt('INVALID_RECORD', `${pointerOf()}/${field}`, `${field} is a string or null.`)
  }

  #fieldName(pointerOf: () => string): Field {
    const { bytes, stringStart, stringEnd, stringHasEscapes } = this.scanner
    const candidates = NAMES_BY_LENGTH[stringEnd - stringStart]
    if (candidates !== undefined && !stringHasEscapes) {
      for (const { field, bytes: name } of candidates) {
        if (startsWith(bytes, stringStart, name)) return field
      }
    }
    const name = this.text(pointerOf)
    const field = FIELDS.find((known) => known === name)
    if (field !== undefined) return field
    const detail = `This is not known here. Known: ${FIELDS.join(', ')}.`
    throw problemAt('INVALID_RECORD', `${pointerOf()}/${escapePointer(name)}`, detail)
  }
}

/** The last byte decides first: it tells names of one length apart. */
function startsWith(bytes: Buffer, start: number, name: Buffer): boolean {
  for (let index = name.length - 1; index >= 0; index -= 1) {
    if (bytes[start + index] !== name[index]) return false
  }
  return true
}

function checkGiven(given: number, pointerOf: () => string): void {
  if ((given & KEY_BITS) === KEY_BITS) {
    throw problemAt('INVALID_RECORD', pointerOf(), 'A record has key or keyBase64, not both.')
  }
  const values = given & VALUE_BITS
  if (values !== 0 && (values & (values - 1)) === 0) return
  const detail =
    'A record has exactly one of value, valueText and valueBase64; null deletes by key.'
  throw problemAt('INVALID_RECORD', pointerOf(), detail)
}

function twice(field: Field, pointerOf: () => string): BusError {
  return problemAt('INVALID_RECORD', `${pointerOf()}/${field}`, 'This field is given twice.')
}

/** The value of a JSON number without sign, fraction and exponent; -1 for any other text. */
function wholeNumber(bytes: Buffer, start: number, end: number): number {
  let value = 0
  for (let position = start; position < end; position += 1) {
    const digit = (bytes[position] ?? 0) - 0x30
    if (digit < 0 || digit > 9) return -1
    value = value * 10 + digit
  }
  return Number.isSafeInteger(value) ? value : -1
}

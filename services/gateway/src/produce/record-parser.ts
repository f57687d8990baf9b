import { type BusError, limits } from '@courant/kernel'
import { base64Bytes } from './base64.ts'
import { parseHeaders } from './header-parser.ts'
import { JsonScanner } from './json-scanner.ts'
import { unescapeText } from './json-text.ts'
import type { ParsedRecords } from './parsed-records.ts'
import {
  checkGiven,
  FIELD_BITS,
  fieldAt,
  RECORD_FIELDS,
  type RecordField,
} from './record-fields.ts'
import { escapePointer, problemAt } from './record-problem.ts'
import { wholeNumber } from './whole-number.ts'

const OPEN_BRACE = 0x7b
const CLOSE_BRACE = 0x7d
const OPEN_BRACKET = 0x5b
const COLON = 0x3a
const COMMA = 0x2c
const QUOTE = 0x22
const LOWER_N = 0x6e

/** Of a value, so much is read in one turn of the event loop. */
const VALUE_SLICE_BYTES = 256 * 1024

/** What the fields of a record are checked against. */
export interface RecordRules {
  readonly partitionCount: number
  /** Epoch milliseconds; a client's timestamp may be ahead of the clock by the limit. */
  readonly now: number
}

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
  /** The record that is being parsed: which fields it has named, and which of them are not null. */
  #index = 0
  #present = 0
  #given = 0
  /** Where the `value` that is being read begins; -1 outside one. */
  #valueStart = -1

  constructor(body: Buffer, records: ParsedRecords, rules: RecordRules) {
    this.scanner = new JsonScanner(body)
    this.#records = records
    this.#rules = rules
  }

  /** In the middle of a record, whose value is long. */
  get isPaused(): boolean {
    return this.#valueStart >= 0
  }

  /**
   * Adds the record at the scanner's position. False: its value is long, others shall have their
   * turn, and the next call goes on with it. Throws with a pointer below `pointerOf()`.
   */
  parse(pointerOf: () => string): boolean {
    const { scanner } = this
    if (this.#valueStart < 0 && !this.#begin(pointerOf)) return true
    while (true) {
      if (this.#valueStart < 0) this.#member(pointerOf)
      if (this.#valueStart >= 0 && !this.#value(pointerOf)) return false
      if (scanner.peek() !== COMMA) break
      scanner.position += 1
    }
    this.syntax(scanner.punctuation(CLOSE_BRACE), pointerOf)
    checkGiven(this.#given, pointerOf)
    return true
  }

  /** Enters a record. False: it has no fields and is done. */
  #begin(pointerOf: () => string): boolean {
    const { scanner } = this
    this.#index = this.#records.add()
    this.#present = 0
    this.#given = 0
    if (scanner.peek() !== OPEN_BRACE) {
      this.#skipWrong(pointerOf)
      throw problemAt('INVALID_RECORD', pointerOf(), 'A record is an object.')
    }
    scanner.position += 1
    if (scanner.peek() !== CLOSE_BRACE) return true
    scanner.position += 1
    checkGiven(0, pointerOf)
    return false
  }

  /** Reads a field; of `value` only its name. */
  #member(pointerOf: () => string): void {
    const { scanner } = this
    this.syntax(scanner.string(), pointerOf)
    const field = this.#fieldName(pointerOf)
    const bit = FIELD_BITS[field]
    if ((this.#present & bit) !== 0) throw twice(field, pointerOf)
    this.#present |= bit
    this.syntax(scanner.punctuation(COLON), pointerOf)
    if (field === 'value') {
      scanner.peek()
      this.#valueStart = scanner.position
    } else if (this.#field(field, this.#index, pointerOf)) this.#given |= bit
  }

  /** Reads a `value`, or the next part of one. False: there is more. */
  #value(pointerOf: () => string): boolean {
    const { scanner } = this
    const start = this.#valueStart
    if (!scanner.value(VALUE_SLICE_BYTES)) {
      if (scanner.isPaused) return false
      this.#valueStart = -1
      this.syntax(false, pointerOf)
    }
    this.#valueStart = -1
    this.#given |= FIELD_BITS.value
    if (scanner.bytes[start] === LOWER_N) return true
    this.#records.setValue(this.#index, start, scanner.position)
    return true
  }

  /**
   * What is here is of the wrong kind. A scalar is still read, because it may not even be JSON; of
   * what is long enough to cost something, its first byte is enough.
   */
  #skipWrong(pointerOf: () => string): void {
    const { scanner } = this
    const first = scanner.peek()
    if (first === QUOTE || first === OPEN_BRACE || first === OPEN_BRACKET) return
    this.syntax(scanner.value(), pointerOf)
  }

  /** Throws INVALID_JSON when the scanner has failed. */
  syntax(isGood: boolean, pointerOf: () => string): void {
    if (isGood) return
    const { problem } = this.scanner
    throw problemAt('INVALID_JSON', pointerOf(), `This is not valid JSON: ${problem}.`)
  }

  /** Reads the value of one field. False: it is null, which means absent. */
  #field(field: RecordField, index: number, pointerOf: () => string): boolean {
    const { scanner } = this
    const first = scanner.peek()
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
      const unescaped = this.#records.addSideText(scanner.bytes, start, end)
      if (unescaped === null) throw loneSurrogate(`${pointerOf()}/${field}`)
      start = unescaped.start
      end = unescaped.end
    }
    if (field === 'key') this.#records.setKey(index, start, end)
    else this.#records.setValue(index, start, end)
  }

  #base64(field: 'keyBase64' | 'valueBase64', index: number, pointerOf: () => string): void {
    this.#requireString(field, pointerOf)
    const pointer = (): string => `${pointerOf()}/${field}`
    const { bytes, stringStart, stringEnd } = this.scanner
    const decoded = this.#records.addSideBase64(bytes, stringStart, stringEnd)
    if (decoded === null) throw notBase64(pointer())
    const { start, end } = decoded
    if (field === 'keyBase64') this.#records.setKey(index, start, end)
    else this.#records.setValue(index, start, end)
  }

  /** The string that was just read, unescaped. */
  text(pointerOf: () => string): string {
    return this.textBytes(pointerOf).toString('utf8')
  }

  /** The same as UTF-8, possibly a view of the body. Lone surrogates have none and are refused. */
  textBytes(pointerOf: () => string): Buffer {
    const { bytes, stringStart, stringEnd, stringHasEscapes } = this.scanner
    if (!stringHasEscapes) return bytes.subarray(stringStart, stringEnd)
    const unescaped = Buffer.allocUnsafe(stringEnd - stringStart)
    const end = unescapeText(bytes, stringStart, stringEnd, unescaped, 0)
    if (end < 0) throw loneSurrogate(pointerOf())
    return unescaped.subarray(0, end)
  }

  /** The bytes that the string which was just read stands for. */
  base64Bytes(pointerOf: () => string): Buffer {
    const { bytes, stringStart, stringEnd } = this.scanner
    const decoded = base64Bytes(bytes, stringStart, stringEnd)
    if (decoded === null) throw notBase64(pointerOf())
    return decoded
  }

  #number(field: RecordField, index: number, pointerOf: () => string): void {
    const { scanner } = this
    const start = scanner.position
    this.#skipWrong(pointerOf)
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

  #requireString(field: RecordField, pointerOf: () => string): void {
    const { scanner } = this
    if (scanner.peek() === QUOTE) {
      this.syntax(scanner.string(), pointerOf)
      return
    }
    this.#skipWrong(pointerOf)
    throw problemAt('INVALID_RECORD', `${pointerOf()}/${field}`, `${field} is a string or null.`)
  }

  #fieldName(pointerOf: () => string): RecordField {
    const { bytes, stringStart, stringEnd, stringHasEscapes } = this.scanner
    if (!stringHasEscapes) {
      const plain = fieldAt(bytes, stringStart, stringEnd)
      if (plain !== null) return plain
    }
    const name = this.text(pointerOf)
    const field = RECORD_FIELDS.find((known) => known === name)
    if (field !== undefined) return field
    const detail = `This is not known here. Known: ${RECORD_FIELDS.join(', ')}.`
    throw problemAt('INVALID_RECORD', `${pointerOf()}/${escapePointer(name)}`, detail)
  }
}

function twice(field: RecordField, pointerOf: () => string): BusError {
  return problemAt('INVALID_RECORD', `${pointerOf()}/${field}`, 'This field is given twice.')
}

function notBase64(pointer: string): BusError {
  return problemAt('INVALID_RECORD', pointer, 'This is not base64 with its padding.')
}

function loneSurrogate(pointer: string): BusError {
  return problemAt('INVALID_RECORD', pointer, 'The text has a surrogate without its pair.')
}

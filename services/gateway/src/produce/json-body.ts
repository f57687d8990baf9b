import { isUtf8 } from 'node:buffer'
import { BusError, limits } from '@courant/kernel'
import type { ParsedRecords } from './parsed-records.ts'
import { RecordParser, type RecordRules } from './record-parser.ts'
import { escapePointer, problemAt } from './record-problem.ts'

const OPEN_BRACE = 0x7b
const CLOSE_BRACE = 0x7d
const OPEN_BRACKET = 0x5b
const CLOSE_BRACKET = 0x5d
const COLON = 0x3a
const COMMA = 0x2c

/** Text parsed in one turn of the event loop, give or take a record. */
const SLICE_BYTES = 512 * 1024

/**
 * Parses `{"records":[…]}`, the body of a produce in JSON, into `records`. It parses in slices:
 * each call of `next` goes on for some hundred KiB, so that a large body does not hold up everybody
 * else.
 */
export class JsonBody {
  readonly #parser: RecordParser
  readonly #records: ParsedRecords
  #state: 'begin' | 'records' | 'done' = 'begin'

  constructor(body: Buffer, records: ParsedRecords, rules: RecordRules) {
    if (!isUtf8(body)) throw new BusError('INVALID_JSON', 'The body is not valid UTF-8.')
    records.reset(body)
    this.#records = records
    this.#parser = new RecordParser(body, records, rules)
  }

  /** True: all is parsed. Throws what is wrong, with a pointer to where. */
  next(): boolean {
    if (this.#state === 'begin') this.#begin()
    if (this.#state === 'records') this.#someRecords()
    return this.#state === 'done'
  }

  #begin(): void {
    const parser = this.#parser
    const { scanner } = parser
    if (scanner.peek() !== OPEN_BRACE) {
      parser.syntax(scanner.value() && scanner.finish(), root)
      throw problemAt('INVALID_ARGUMENT', '', SHAPE)
    }
    scanner.position += 1
    if (scanner.peek() === CLOSE_BRACE) throw problemAt('INVALID_ARGUMENT', '/records', SHAPE)
    this.#name()
    if (scanner.peek() !== OPEN_BRACKET) {
      parser.syntax(scanner.value(), recordsPointer)
      throw problemAt('INVALID_ARGUMENT', '/records', 'records is a list.')
    }
    scanner.position += 1
    if (scanner.peek() === CLOSE_BRACKET) {
      throw problemAt('INVALID_ARGUMENT', '/records', 'records has at least one record.')
    }
    this.#state = 'records'
  }

  /** The only member that a body has. */
  #name(): void {
    const parser = this.#parser
    parser.syntax(parser.scanner.string(), root)
    const name = parser.text(root)
    if (name !== 'records') {
      const detail = 'This is not known here. Known: records.'
      throw problemAt('INVALID_ARGUMENT', `/${escapePointer(name)}`, detail)
    }
    parser.syntax(parser.scanner.punctuation(COLON), root)
  }

  #someRecords(): void {
    const parser = this.#parser
    const { scanner } = parser
    const records = this.#records
    const pointerOf = (): string => `/records/${records.count - 1}`
    const sliceEnd = scanner.position + SLICE_BYTES
    while (scanner.position < sliceEnd) {
      if (!parser.isPaused && records.count === limits.bodyRecordsMax) throw tooMany()
      if (!parser.parse(pointerOf)) return
      if (scanner.peek() !== COMMA) {
        this.#end()
        return
      }
      scanner.position += 1
    }
  }

  #end(): void {
    const parser = this.#parser
    const { scanner } = parser
    parser.syntax(scanner.punctuation(CLOSE_BRACKET), recordsPointer)
    if (scanner.peek() === COMMA) {
      scanner.position += 1
      this.#name()
      throw problemAt('INVALID_ARGUMENT', '/records', 'This field is given twice.')
    }
    parser.syntax(scanner.punctuation(CLOSE_BRACE) && scanner.finish(), root)
    this.#state = 'done'
  }
}

const SHAPE = 'The body is an object {"records":[…]}.'

function root(): string {
  return ''
}

function recordsPointer(): string {
  return '/records'
}

function tooMany(): BusError {
  const detail = `A body has at most ${limits.bodyRecordsMax} records; send more as NDJSON.`
  return problemAt('PAYLOAD_TOO_LARGE', '/records', detail)
}

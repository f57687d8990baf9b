import { limits } from '@courant/kernel'
import { encodeHeaders, type RecordHeader } from '@courant/record-batch'
import type { ParsedRecords } from './parsed-records.ts'
import type { RecordParser } from './record-parser.ts'
import { escapePointer, problemAt } from './record-problem.ts'

const OPEN_BRACE = 0x7b
const CLOSE_BRACE = 0x7d
const OPEN_BRACKET = 0x5b
const CLOSE_BRACKET = 0x5d
const COLON = 0x3a
const COMMA = 0x2c
const QUOTE = 0x22
const LOWER_N = 0x6e

type PointerOf = () => string

/**
 * Parses the headers of a record at the scanner's position: an object of name to string, or a list
 * of `{"name":…,"value":…}` or `{"name":…,"valueBase64":…}`. Names may repeat in either form. A
 * null value is kept as such, because Kafka clients write it.
 */
export function parseHeaders(
  parser: RecordParser,
  records: ParsedRecords,
  index: number,
  pointerOf: PointerOf,
): void {
  const { scanner } = parser
  const first = scanner.peek()
  const headers: RecordHeader[] = []
  if (first === OPEN_BRACE) {
    each(parser, CLOSE_BRACE, pointerOf, () => {
      checkCount(headers.length + 1, pointerOf)
      headers.push(member(parser, pointerOf))
    })
  } else if (first === OPEN_BRACKET) {
    each(parser, CLOSE_BRACKET, pointerOf, () => {
      const position = headers.length
      checkCount(position + 1, pointerOf)
      headers.push(item(parser, () => `${pointerOf()}/${position}`))
    })
  } else {
    parser.syntax(scanner.value(), pointerOf)
    throw problemAt('INVALID_RECORD', pointerOf(), 'headers is an object, a list or null.')
  }
  addHeaders(records, index, headers, pointerOf)
}

/** Checks the limits of headers and gives them to a record. */
export function addHeaders(
  records: ParsedRecords,
  index: number,
  headers: readonly RecordHeader[],
  pointerOf: PointerOf,
): void {
  checkCount(headers.length, pointerOf)
  const encoded = encodeHeaders(headers)
  if (encoded === null) return
  const start = records.addSide(encoded)
  records.setHeaders(index, start, start + encoded.length)
}

/** Asked before a header is read: a body full of them costs no more than what is allowed. */
function checkCount(count: number, pointerOf: PointerOf): void {
  if (count <= limits.recordHeadersMax) return
  const detail = `A record has at most ${limits.recordHeadersMax} headers.`
  throw problemAt('INVALID_RECORD', pointerOf(), detail)
}

/** Reads a list between brackets; `read` reads one item and bounds how many there may be. */
function each(parser: RecordParser, close: number, pointerOf: PointerOf, read: () => void): void {
  const { scanner } = parser
  scanner.position += 1
  if (scanner.peek() === close) {
    scanner.position += 1
    return
  }
  while (true) {
    read()
    if (scanner.peek() !== COMMA) break
    scanner.position += 1
  }
  parser.syntax(scanner.punctuation(close), pointerOf)
}

function member(parser: RecordParser, pointerOf: PointerOf): RecordHeader {
  const { scanner } = parser
  parser.syntax(scanner.string(), pointerOf)
  const name = headerName(parser, pointerOf)
  parser.syntax(scanner.punctuation(COLON), pointerOf)
  return { name, value: textOrNull(parser, () => `${pointerOf()}/${escapePointer(name)}`) }
}

function item(parser: RecordParser, pointerOf: PointerOf): RecordHeader {
  const { scanner } = parser
  if (scanner.peek() !== OPEN_BRACE) {
    parser.syntax(scanner.value(), pointerOf)
    throw problemAt(
      'INVALID_RECORD',
      pointerOf(),
      'A header is {name, value} or {name, valueBase64}.',
    )
  }
  const given = new Map<string, string | Buffer | null>()
  each(parser, CLOSE_BRACE, pointerOf, () => {
    parser.syntax(scanner.string(), pointerOf)
    const field = parser.text(pointerOf)
    const fieldPointerOf = (): string => `${pointerOf()}/${escapePointer(field)}`
    if (given.has(field)) throw problemAt('INVALID_RECORD', fieldPointerOf(), 'Given twice.')
    parser.syntax(scanner.punctuation(COLON), pointerOf)
    given.set(field, itemField(parser, field, fieldPointerOf))
  })
  const name = given.get('name')
  if (typeof name !== 'string') {
    throw problemAt('INVALID_RECORD', `${pointerOf()}/name`, 'A header has a name.')
  }
  if (given.has('value') === given.has('valueBase64')) {
    throw problemAt('INVALID_RECORD', pointerOf(), 'A header has value or valueBase64.')
  }
  const value = given.get('value') ?? given.get('valueBase64') ?? null
  return { name, value: typeof value === 'string' ? Buffer.from(value) : value }
}

function itemField(
  parser: RecordParser,
  field: string,
  pointerOf: PointerOf,
): string | Buffer | null {
  const { scanner } = parser
  switch (field) {
    case 'name':
      parser.syntax(scanner.string(), pointerOf)
      return headerName(parser, pointerOf)
    case 'value':
      return textOrNull(parser, pointerOf)
    case 'valueBase64':
      parser.syntax(scanner.string(), pointerOf)
      return parser.base64Bytes(pointerOf)
    default:
      throw problemAt(
        'INVALID_RECORD',
        pointerOf(),
        'This is not known here. Known: name, value, valueBase64.',
      )
  }
}

function headerName(parser: RecordParser, pointerOf: PointerOf): string {
  const name = parser.textBytes(pointerOf)
  if (name.length <= limits.headerNameBytesMax) return name.toString('utf8')
  const detail = `The name of a header has at most ${limits.headerNameBytesMax} bytes.`
  throw problemAt('INVALID_RECORD', pointerOf(), detail)
}

function textOrNull(parser: RecordParser, pointerOf: PointerOf): Buffer | null {
  const { scanner } = parser
  const first = scanner.peek()
  if (first === QUOTE) {
    parser.syntax(scanner.string(), pointerOf)
    return parser.textBytes(pointerOf)
  }
  parser.syntax(scanner.value(), pointerOf)
  if (first === LOWER_N) return null
  throw problemAt('INVALID_RECORD', pointerOf(), 'The value of a header is a string or null.')
}

import { isUtf8 } from 'node:buffer'
import type { IncomingHttpHeaders } from 'node:http'
import { BusError, limits } from '@courant/kernel'
import type { RecordHeader } from '@courant/record-batch'
import { base64Bytes } from './base64.ts'
import { JsonScanner } from './json-scanner.ts'
import { unescapeText } from './json-text.ts'
import { escapePointer, problemAt } from './record-problem.ts'

/** A CloudEvent as a record: its attributes are headers, its data is the value. */
export interface CloudEvent {
  /** From the partitioning extension. */
  readonly partitionKey: string | null
  readonly headers: readonly RecordHeader[]
  /** Null where the event has no data. */
  readonly value: Buffer | null
}

const QUOTE = 0x22
const OPEN_BRACE = 0x7b
const OPEN_BRACKET = 0x5b

const REQUIRED = ['id', 'source', 'specversion', 'type'] as const
const ATTRIBUTE_NAME = /^[a-z0-9]{1,64}$/

/** HTTP binding, binary mode: attributes in `ce-` headers, the body is the data. */
export function binaryCloudEvent(headers: IncomingHttpHeaders, body: Buffer): CloudEvent {
  const attributes = new Map<string, string>()
  for (const [name, value] of Object.entries(headers)) {
    if (!name.startsWith('ce-') || value === undefined) continue
    attributes.set(name.slice(3), percentDecoded(name, String(value)))
  }
  return eventOf(attributes, headers['content-type'] ?? null, body, (name) => `ce-${name}`)
}

/** HTTP binding, structured mode: the body is the event as JSON; its `data` is kept as sent. */
export function structuredCloudEvent(body: Buffer): CloudEvent {
  if (!isUtf8(body)) throw new BusError('INVALID_JSON', 'The body is not valid UTF-8.')
  const members = membersOf(body)
  const attributes = new Map<string, string>()
  for (const [name, { start, end }] of members) {
    if (name === 'data' || name === 'data_base64') continue
    const text = attributeText(body, name, start, end)
    if (text !== null) attributes.set(name, text)
  }
  const contentType = attributes.get('datacontenttype') ?? null
  attributes.delete('datacontenttype')
  const value = structuredData(body, members, contentType)
  return eventOf(attributes, contentType ?? JSON_TYPE, value, (name) => `/${name}`)
}

const JSON_TYPE = 'application/json'
/** With `data` and `datacontenttype`, which are no headers of that kind. */
const MEMBERS_MAX = limits.recordHeadersMax + 2

/** An attribute as text (CloudEvents 1.0, type system); null: it counts as absent. */
function attributeText(body: Buffer, name: string, start: number, end: number): string | null {
  const first = body[start]
  if (first === OPEN_BRACE || first === OPEN_BRACKET) {
    throw problemAt('INVALID_RECORD', `/${escapePointer(name)}`, 'An attribute is not an object.')
  }
  if (first === QUOTE) return stringText(body, start, end, `/${escapePointer(name)}`)
  const text = body.toString('latin1', start, Math.min(end, start + WORD_BYTES_MAX))
  if (text === 'null') return null
  if (text === 'true' || text === 'false') return text
  if (end - start < WORD_BYTES_MAX && INTEGER.test(text)) return String(Number(text))
  const detail = 'A number is an integer of at most 32 bits; send others as text.'
  throw problemAt('INVALID_RECORD', `/${escapePointer(name)}`, detail)
}

/** Nothing that an attribute may be without quotes is as long. */
const WORD_BYTES_MAX = 12
const INTEGER = /^-?\d{1,10}$/

/** The string that stands, quotes included, in `body[start, end)`. */
function stringText(body: Buffer, start: number, end: number, pointer: string): string {
  const unescaped = Buffer.allocUnsafe(end - start)
  const size = unescapeText(body, start + 1, end - 1, unescaped, 0)
  if (size < 0) throw problemAt('INVALID_RECORD', pointer, 'The text has a lone surrogate.')
  return unescaped.toString('utf8', 0, size)
}

interface Range {
  readonly start: number
  readonly end: number
}

function eventOf(
  attributes: ReadonlyMap<string, string>,
  contentType: string | null,
  value: Buffer | null,
  pointerOf: (name: string) => string,
): CloudEvent {
  for (const name of REQUIRED) {
    if ((attributes.get(name) ?? '') === '') {
      const detail = 'A CloudEvent has this attribute, and it is not empty.'
      throw problemAt('INVALID_RECORD', pointerOf(name), detail)
    }
  }
  if (attributes.get('specversion') !== '1.0') {
    throw problemAt('INVALID_RECORD', pointerOf('specversion'), 'CloudEvents 1.0 are understood.')
  }
  const headers: RecordHeader[] = []
  for (const [name, text] of attributes) {
    if (!ATTRIBUTE_NAME.test(name)) {
      const detail = 'The name of an attribute consists of lower-case letters and digits.'
      throw problemAt('INVALID_RECORD', pointerOf(escapePointer(name)), detail)
    }
    headers.push({ name: `ce_${name}`, value: Buffer.from(text) })
  }
  if (contentType !== null) headers.push({ name: 'content-type', value: Buffer.from(contentType) })
  return { partitionKey: attributes.get('partitionkey') ?? null, headers, value }
}

/** Where the members of the event lie in the body. */
function membersOf(body: Buffer): Map<string, Range> {
  const scanner = new JsonScanner(body)
  const members = new Map<string, Range>()
  const check = (isGood: boolean): void => {
    if (!isGood) throw problemAt('INVALID_JSON', '', `This is not valid JSON: ${scanner.problem}.`)
  }
  check(scanner.punctuation(0x7b))
  if (scanner.peek() === 0x7d) scanner.position += 1
  else {
    while (true) {
      check(scanner.string())
      const name = stringText(body, scanner.stringStart - 1, scanner.stringEnd + 1, '')
      if (members.size === MEMBERS_MAX) {
        const detail = `An event has at most ${limits.recordHeadersMax} attributes.`
        throw problemAt('INVALID_RECORD', `/${escapePointer(name)}`, detail)
      }
      if (members.has(name)) {
        throw problemAt('INVALID_RECORD', `/${escapePointer(name)}`, 'This is given twice.')
      }
      check(scanner.punctuation(0x3a))
      scanner.peek()
      const start = scanner.position
      check(scanner.value())
      members.set(name, { start, end: scanner.position })
      if (scanner.peek() !== 0x2c) break
      scanner.position += 1
    }
    check(scanner.punctuation(0x7d))
  }
  check(scanner.finish())
  return members
}

function structuredData(
  body: Buffer,
  members: ReadonlyMap<string, Range>,
  contentType: string | null,
): Buffer | null {
  const data = members.get('data')
  const base64 = members.get('data_base64')
  if (data !== undefined && base64 !== undefined) {
    throw problemAt('INVALID_RECORD', '/data_base64', 'An event has data or data_base64, not both.')
  }
  if (base64 !== undefined) return decoded(body, base64)
  if (data === undefined) return null
  const isText = body[data.start] === QUOTE && contentType !== null && !isJsonType(contentType)
  if (!isText) return body.subarray(data.start, data.end)
  const text = Buffer.allocUnsafe(data.end - data.start)
  const size = unescapeText(body, data.start + 1, data.end - 1, text, 0)
  if (size < 0) throw problemAt('INVALID_RECORD', '/data', 'The text has a lone surrogate.')
  return text.subarray(0, size)
}

function decoded(body: Buffer, { start, end }: Range): Buffer {
  const bytes = body[start] === QUOTE ? base64Bytes(body, start + 1, end - 1) : null
  if (bytes !== null) return bytes
  throw problemAt('INVALID_RECORD', '/data_base64', 'This is not base64 with its padding.')
}

function isJsonType(contentType: string): boolean {
  const [mediaType = ''] = contentType.toLowerCase().split(';')
  return /^application\/json$|\+json$/.test(mediaType.trim())
}

function percentDecoded(name: string, value: string): string {
  try {
    return decodeURIComponent(value)
  } catch (cause) {
    throw new BusError('INVALID_RECORD', `${name} is not percent-encoded UTF-8.`, { cause })
  }
}

import type { RecordHeader } from './record.ts'
import { varintSize, writeVarint } from './varint.ts'

/**
 * Where the parts of a record to be written lie: ranges of buffers, so that a parser can point into
 * a request's body. Null bytes mean a null part. The fields are mutable on purpose: one object
 * serves a whole loop.
 */
export interface RecordSource {
  timestamp: number
  keyBytes: Buffer | null
  keyStart: number
  keyEnd: number
  valueBytes: Buffer | null
  valueStart: number
  valueEnd: number
  /** Headers as `encodeHeaders` makes them, the count included; null for none. */
  headersBytes: Buffer | null
  headersStart: number
  headersEnd: number
}

/** A record to be written, where convenience matters more than speed. */
export interface RecordInput {
  readonly timestamp: number
  readonly key?: Buffer | string | null
  readonly value?: Buffer | string | null
  readonly headers?: readonly { readonly name: string; readonly value: Buffer | string | null }[]
}

/** A record source without parts. */
export function emptyRecordSource(): RecordSource {
  return {
    timestamp: 0,
    keyBytes: null,
    keyStart: 0,
    keyEnd: 0,
    valueBytes: null,
    valueStart: 0,
    valueEnd: 0,
    headersBytes: null,
    headersStart: 0,
    headersEnd: 0,
  }
}

export function recordSource(input: RecordInput): RecordSource {
  const key = bytesOf(input.key ?? null)
  const value = bytesOf(input.value ?? null)
  const headers = encodeHeaders(
    (input.headers ?? []).map((header) => ({ name: header.name, value: bytesOf(header.value) })),
  )
  return {
    timestamp: input.timestamp,
    keyBytes: key,
    keyStart: 0,
    keyEnd: key?.length ?? 0,
    valueBytes: value,
    valueStart: 0,
    valueEnd: value?.length ?? 0,
    headersBytes: headers,
    headersStart: 0,
    headersEnd: headers?.length ?? 0,
  }
}

/** The headers of a record as they stand in it, behind their count; null for none. */
export function encodeHeaders(headers: readonly RecordHeader[]): Buffer | null {
  if (headers.length === 0) return null
  let size = varintSize(headers.length)
  for (const { name, value } of headers) {
    const nameSize = Buffer.byteLength(name)
    size += varintSize(nameSize) + nameSize + varintSize(value?.length ?? -1) + (value?.length ?? 0)
  }
  const bytes = Buffer.allocUnsafe(size)
  let position = writeVarint(bytes, headers.length, 0)
  for (const { name, value } of headers) {
    position = writeVarint(bytes, Buffer.byteLength(name), position)
    position += bytes.write(name, position)
    position = writeVarint(bytes, value?.length ?? -1, position)
    position += value?.copy(bytes, position) ?? 0
  }
  return bytes
}

function bytesOf(part: Buffer | string | null): Buffer | null {
  return typeof part === 'string' ? Buffer.from(part) : part
}

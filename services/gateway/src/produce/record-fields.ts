/** The fields of a record in JSON: their names, and which of them go together. */
import { problemAt } from './record-problem.ts'

export const RECORD_FIELDS = [
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
export type RecordField = (typeof RECORD_FIELDS)[number]

/** One bit for each, for sets of fields. */
export const FIELD_BITS: Readonly<Record<RecordField, number>> = {
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
const NAMES = RECORD_FIELDS.map((field) => ({ field, bytes: Buffer.from(field) }))
const NAMES_BY_LENGTH = Array.from({ length: 16 }, (_, length) =>
  NAMES.filter(({ bytes }) => bytes.length === length),
)

/** The field that is named by `bytes[start, end)`; null for none. */
export function fieldAt(bytes: Buffer, start: number, end: number): RecordField | null {
  const candidates = NAMES_BY_LENGTH[end - start]
  if (candidates === undefined) return null
  for (const { field, bytes: name } of candidates) if (startsWith(bytes, start, name)) return field
  return null
}

/** The last byte decides first: it tells names of one length apart. */
function startsWith(bytes: Buffer, start: number, name: Buffer): boolean {
  for (let index = name.length - 1; index >= 0; index -= 1) {
    if (bytes[start + index] !== name[index]) return false
  }
  return true
}

/** Throws INVALID_RECORD unless `given`, a set of fields that are not null, makes a record. */
export function checkGiven(given: number, pointerOf: () => string): void {
  if ((given & KEY_BITS) === KEY_BITS) {
    throw problemAt('INVALID_RECORD', pointerOf(), 'A record has key or keyBase64, not both.')
  }
  const values = given & VALUE_BITS
  if (values !== 0 && (values & (values - 1)) === 0) return
  const detail =
    'A record has exactly one of value, valueText and valueBase64; null deletes by key.'
  throw problemAt('INVALID_RECORD', pointerOf(), detail)
}

import { toBase64 } from '../bytes.ts'

/** A record to be written. Text is stored as UTF-8, bytes as they are. */
export interface Message {
  /** Records of one key go to one partition, in order. Null and absent are no key; '' is one. */
  readonly key?: string | Uint8Array | null
  /** Null is a tombstone. Exactly one of `value` and `json` is given. */
  readonly value?: string | Uint8Array | null
  /** Stored as JSON.stringify prints it. */
  readonly json?: unknown
  readonly headers?: Readonly<Record<string, string | Uint8Array>>
  /** Instead of the one that follows from the key. */
  readonly partition?: number
  /** Epoch milliseconds; the time of writing when absent. */
  readonly timestamp?: number
}

/** A record of a request's body, as JSON text. Throws TypeError for a message that is none. */
export function encodeMessage(message: Message): string {
  const { key, partition, timestamp } = message
  return JSON.stringify({
    ...(typeof key === 'string' ? { key } : {}),
    ...(key instanceof Uint8Array ? { keyBase64: toBase64(key) } : {}),
    ...contentOf(message),
    ...(message.headers === undefined ? {} : { headers: headersOf(message.headers) }),
    ...(partition === undefined ? {} : { partition }),
    ...(timestamp === undefined ? {} : { timestamp }),
  })
}

function contentOf({ value, json }: Message): object {
  if ((value === undefined) === (json === undefined)) {
    throw new TypeError('A message has either a value or json')
  }
  if (value === undefined) {
    // A null would be stored as a tombstone, not as the four characters that were asked for.
    if (json === null) return { valueText: 'null' }
    if (JSON.stringify(json) === undefined) throw new TypeError('JSON knows no such value')
    return { value: json }
  }
  if (value === null) return { value: null }
  return typeof value === 'string' ? { valueText: value } : { valueBase64: toBase64(value) }
}

function headersOf(headers: Readonly<Record<string, string | Uint8Array>>): object[] {
  return Object.entries(headers).map(([name, value]) =>
    typeof value === 'string' ? { name, value } : { name, valueBase64: toBase64(value) },
  )
}

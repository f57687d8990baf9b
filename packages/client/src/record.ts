import { fromBase64, fromUtf8 } from './bytes.ts'

export interface RecordHeader {
  readonly name: string
  readonly value: Uint8Array | null
}

/** As the API answers a record with `format=base64`. */
export interface WireRecord {
  readonly offset: number
  readonly timestamp: number
  readonly keyBase64?: string | null
  readonly valueBase64?: string | null
  readonly value?: unknown
  readonly headers: readonly {
    readonly name: string
    readonly value?: string | null
    readonly valueBase64?: string | null
  }[]
}

/** A record that was read, with the bytes that were written. */
export class ReadRecord {
  readonly topic: string
  readonly partition: number
  readonly offset: number
  /** Epoch milliseconds. */
  readonly timestamp: number
  readonly #wire: WireRecord

  constructor(topic: string, partition: number, wire: WireRecord) {
    this.topic = topic
    this.partition = partition
    this.offset = wire.offset
    this.timestamp = wire.timestamp
    this.#wire = wire
  }

  /** Null for none. */
  get key(): Uint8Array | null {
    return bytesOf(this.#wire.keyBase64)
  }

  /** Null for none. Throws TypeError for a key that is not UTF-8. */
  get keyText(): string | null {
    return textOf(this.key)
  }

  /** Null for a tombstone. */
  get value(): Uint8Array | null {
    return bytesOf(this.#wire.valueBase64)
  }

  /** Null for a tombstone. Throws TypeError for a value that is not UTF-8. */
  get text(): string | null {
    return textOf(this.value)
  }

  /** Null for a tombstone, too. Throws SyntaxError for a value that is not JSON. */
  json<Value>(): Value | null {
    const { text } = this
    return text === null ? null : (JSON.parse(text) as Value)
  }

  get headers(): RecordHeader[] {
    return this.#wire.headers.map(({ name, valueBase64 }) => ({
      name,
      value: bytesOf(valueBase64),
    }))
  }
}

function bytesOf(base64: string | null | undefined): Uint8Array | null {
  return base64 === null || base64 === undefined ? null : fromBase64(base64)
}

function textOf(bytes: Uint8Array | null): string | null {
  return bytes === null ? null : fromUtf8(bytes)
}

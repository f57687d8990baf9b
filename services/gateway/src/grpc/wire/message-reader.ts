import { BusError } from '@courant/kernel'

/** Wire types of protobuf. */
const VARINT = 0
const FIXED64 = 1
const LENGTH = 2
const FIXED32 = 5

/** Below this a varint's groups are put together by bit operations. */
const LOW_BITS = 28
const LOW = 2 ** LOW_BITS

/**
 * Walks over the fields of an encoded message without an object for any of them: `next` moves on,
 * then `field` says which it is and `varint` what it holds, or `start` and `end` where its bytes
 * lie. The generated decoders make an object a message and copy each `bytes` field, which for
 * records costs more than all else that is done with them.
 *
 * Bytes that are no message are INVALID_ARGUMENT.
 */
export class MessageReader {
  field = 0
  /** Of a field of numbers, at most 2^53 - 1; NaN beyond, which negative ones are too. */
  varint = 0
  start = 0
  end = 0
  #isBytes = false
  #bytes: Buffer = EMPTY
  #position = 0
  #limit = 0

  /** Turns to the message in `bytes[start, end)`. */
  reset(bytes: Buffer, start = 0, end: number = bytes.length): this {
    this.#bytes = bytes
    this.#position = start
    this.#limit = end
    return this
  }

  /** False: there are no more fields. */
  next(): boolean {
    if (this.#position >= this.#limit) return false
    const tag = this.#varint()
    this.field = tag >>> 3
    this.#isBytes = false
    switch (tag & 7) {
      case VARINT:
        this.varint = this.#varint()
        return true
      case LENGTH:
        this.#isBytes = true
        this.#take(this.#varint())
        return true
      case FIXED64:
        this.#take(8)
        return true
      case FIXED32:
        this.#take(4)
        return true
      default:
        throw malformed()
    }
  }

  /** Whether the field is the one, and holds bytes, a text or a message. */
  isBytes(field: number): boolean {
    return this.#isBytes && this.field === field
  }

  #take(length: number): void {
    this.start = this.#position
    this.end = this.#position + length
    if (!(this.end <= this.#limit)) throw malformed()
    this.#position = this.end
  }

  #varint(): number {
    const bytes = this.#bytes
    let value = 0
    for (let shift = 0; shift < LOW_BITS; shift += 7) {
      if (this.#position >= this.#limit) throw malformed()
      const byte = bytes[this.#position++] ?? 0
      value |= (byte & 0x7f) << shift
      if (byte < 0x80) return value
    }
    return value + LOW * this.#highVarint()
  }

  /** What is behind the fourth byte: up to six more, of which 53 bits are a number. */
  #highVarint(): number {
    let value = 0
    let factor = 1
    for (let index = 0; index < 6; index += 1) {
      if (this.#position >= this.#limit) throw malformed()
      const byte = this.#bytes[this.#position++] ?? 0
      value += (byte & 0x7f) * factor
      factor *= 128
      if (byte < 0x80) return value < 2 ** (53 - LOW_BITS) ? value : Number.NaN
    }
    throw malformed()
  }
}

const EMPTY = Buffer.alloc(0)

function malformed(): BusError {
  return new BusError('INVALID_ARGUMENT', 'The message is not of the type that the method takes.')
}

import { isUtf8 } from 'node:buffer'
import { BusError, limits } from '@courant/kernel'
import { knownText } from './known-texts.ts'

/** Kafka's own bound, for compact strings too: nobody may have a name of 64 MiB echoed. */
const STRING_BYTES_MAX = 0x7fff

/**
 * Reads the primitive types of the Kafka protocol from one frame. Whatever the bytes are, the only
 * thing it throws is a BusError: every length is compared with what is left before it is believed,
 * and all arrays of a message together have a bound, because an element costs more memory than it
 * has bytes. Byte strings are views of the frame.
 *
 * Integers are put together byte by byte, because Buffer's own methods check again what `#take` has
 * checked.
 */
export class WireReader {
  #bytes: Buffer
  #end: number
  #position: number
  #elements = 0

  constructor(bytes: Buffer, start = 0, end = bytes.length) {
    this.#bytes = bytes
    this.#position = start
    this.#end = end
  }

  /** Reads something else from now on: one reader serves all frames that are lent in turn. */
  restart(bytes: Buffer, start: number, end: number): this {
    this.#bytes = bytes
    this.#position = start
    this.#end = end
    this.#elements = 0
    return this
  }

  get remaining(): number {
    return this.#end - this.#position
  }

  /** What is left, in memory of its own. */
  copied(): WireReader {
    return new WireReader(Buffer.from(this.#bytes.subarray(this.#position, this.#end)))
  }

  /** A message must use up its frame: what is left would have been read as something else. */
  finish(): void {
    if (this.remaining > 0) throw malformed(`${this.remaining} bytes follow its last field`)
  }

  int8(): number {
    return (this.#byte(this.#take(1)) << 24) >> 24
  }

  int16(): number {
    const at = this.#take(2)
    return ((this.#byte(at) << 24) >> 16) | this.#byte(at + 1)
  }

  int32(): number {
    return this.#int32At(this.#take(4))
  }

  int64(): number {
    const at = this.#take(8)
    const value = this.#int32At(at) * 0x1_0000_0000 + (this.#int32At(at + 4) >>> 0)
    if (!Number.isSafeInteger(value)) throw malformed('a 64-bit integer is beyond 2^53')
    return value
  }

  boolean(): boolean {
    return this.int8() !== 0
  }

  unsignedVarint(): number {
    let value = 0
    for (let shift = 0; shift < 35; shift += 7) {
      const byte = this.#byte(this.#take(1))
      if (shift === 28 && byte > 0x0f) throw malformed('a varint has more than 32 bits')
      value |= (byte & 0x7f) << shift
      if (byte < 0x80) return value >>> 0
    }
    throw malformed('a varint does not end')
  }

  string(): string {
    return present(this.nullableString())
  }

  nullableString(): string | null {
    const length = this.int16()
    return length === -1 ? null : this.#text(length)
  }

  compactString(): string {
    return present(this.compactNullableString())
  }

  compactNullableString(): string | null {
    const length = this.unsignedVarint() - 1
    return length === -1 ? null : this.#text(length)
  }

  /** Element count of an array whose elements have at least `elementSizeMin` bytes; -1 for null. */
  arrayLength(elementSizeMin: number): number {
    return this.#checkedCount(this.int32(), elementSizeMin)
  }

  compactArrayLength(elementSizeMin: number): number {
    return this.#checkedCount(this.unsignedVarint() - 1, elementSizeMin)
  }

  records(): Buffer | null {
    const length = this.int32()
    return length === -1 ? null : this.bytes(length)
  }

  compactRecords(): Buffer | null {
    const length = this.unsignedVarint() - 1
    return length === -1 ? null : this.bytes(length)
  }

  bytes(length: number): Buffer {
    if (length < 0) throw malformed('a length is negative')
    const start = this.#take(length)
    return this.#bytes.subarray(start, start + length)
  }

  /**
   * The tagged fields at the end of a flexible struct. Known ones are given to `read` with a reader
   * that ends where the field ends; unknown ones are skipped, which is what makes them optional.
   */
  taggedFields(read: (tag: number, content: WireReader) => boolean): void {
    const count = this.#checkedCount(this.unsignedVarint(), 2)
    let previous = -1
    for (let index = 0; index < count; index++) {
      const tag = this.unsignedVarint()
      if (tag <= previous) throw malformed('tagged fields are out of order')
      previous = tag
      const length = this.unsignedVarint()
      const start = this.#take(length)
      const content = new WireReader(this.#bytes, start, start + length)
      if (read(tag, content)) content.finish()
    }
  }

  /** The tagged fields of a struct that knows none. */
  skipTaggedFields(): void {
    if (this.#bytes[this.#position] === 0 && this.#position < this.#end) this.#position += 1
    else this.taggedFields(() => false)
  }

  #checkedCount(count: number, elementSizeMin: number): number {
    if (count < -1) throw malformed('an array has a negative length')
    if (count * elementSizeMin > this.remaining) throw malformed('an array is longer than it')
    this.#elements += Math.max(0, count)
    if (this.#elements > limits.frameElementsMax) {
      throw new BusError(
        'PAYLOAD_TOO_LARGE',
        `A message has at most ${limits.frameElementsMax} array elements.`,
      )
    }
    return count
  }

  #text(length: number): string {
    if (length < 0) throw malformed('a length is negative')
    if (length > STRING_BYTES_MAX) throw malformed('a string is too long')
    const start = this.#take(length)
    const known = knownText(this.#bytes, start, start + length)
    if (known !== null) return known
    const bytes = this.#bytes.subarray(start, start + length)
    if (!isUtf8(bytes)) throw malformed('a string is not UTF-8')
    return bytes.toString('utf8')
  }

  #int32At(at: number): number {
    return (
      (this.#byte(at) << 24) |
      (this.#byte(at + 1) << 16) |
      (this.#byte(at + 2) << 8) |
      this.#byte(at + 3)
    )
  }

  #byte(at: number): number {
    return this.#bytes[at] ?? 0
  }

  #take(size: number): number {
    const start = this.#position
    if (size > this.#end - start) throw malformed('it ends within a field')
    this.#position = start + size
    return start
  }
}

/** Null where the message has no room for null. */
export function present<Value>(value: Value | null): Value {
  if (value === null) throw malformed('a field that must not be null is null')
  return value
}

function malformed(reason: string): BusError {
  return new BusError('INVALID_ARGUMENT', `The frame is malformed: ${reason}.`)
}

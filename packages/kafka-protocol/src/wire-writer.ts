import { assert, BusError, limits } from '@courant/kernel'

/**
 * First slab of a connection; each one that fills doubles the next, so idle connections cost
 * little.
 */
const SLAB_BYTES_MIN = 4 * 1024
const SLAB_BYTES_MAX = 64 * 1024
/** Byte strings up to this size are copied into the slab: a copy is cheaper than one more iovec. */
const COPY_BYTES_MAX = 8 * 1024
/** Texts up to here are tried as ASCII, by hand: two calls of Buffer cost more than 36 letters. */
const ASCII_LENGTH_MAX = 64

/** What a frame holds. An object and no closure, because there is one for each answer anyway. */
export interface FrameContent {
  encode(writer: WireWriter): void
}

/**
 * Writes the primitive types of the Kafka protocol into slabs and yields them as a list of chunks.
 *
 * Frames written one after the other lie in one chunk, so everything that a connection sends in one
 * turn leaves in one write. Large byte strings (records) are not copied: the slab is cut before
 * them and they become chunks of their own. A slab is never reused, because its chunks live on in
 * the socket's queue; what is left of it serves the next turn.
 */
export class WireWriter {
  #slab = Buffer.alloc(0)
  #slabBytes = SLAB_BYTES_MIN
  /** First byte of the slab that is not in a chunk yet. */
  #start = 0
  #position = 0
  #chunks: Buffer[] = []
  #chunkBytes = 0

  /** Bytes written and not yet taken. */
  get size(): number {
    return this.#chunkBytes + this.#position - this.#start
  }

  /** Everything written since the last call. The writer goes on behind it. */
  take(): Buffer[] {
    this.#cut()
    const chunks = this.#chunks
    this.#chunks = []
    this.#chunkBytes = 0
    return chunks
  }

  /** One frame: a 4-byte length and what `write` writes. As `frameOf`. */
  frame(write: () => void): void {
    this.frameOf({ encode: write })
  }

  /**
   * One frame: a 4-byte length and the content. Nothing of it stays when its `encode` throws or the
   * frame is beyond the limit, so that one bad message does not spoil its connection.
   */
  frameOf(content: FrameContent): void {
    this.#reserve(4)
    const slab = this.#slab
    const start = this.#start
    const position = this.#position
    const chunkCount = this.#chunks.length
    const chunkBytes = this.#chunkBytes
    const sizeBefore = this.size
    this.#position += 4
    try {
      content.encode(this)
      const length = this.size - sizeBefore - 4
      if (length > limits.frameBytesMax) throw frameTooLarge(length)
      putInt32(slab, position, length)
    } catch (error) {
      this.#slab = slab
      this.#start = start
      this.#position = position
      this.#chunks.length = chunkCount
      this.#chunkBytes = chunkBytes
      throw error
    }
  }

  int8(value: number): void {
    assert(value === (value << 24) >> 24, 'an int8 has 8 bits')
    this.#reserve(1)
    this.#slab[this.#position] = value
    this.#position += 1
  }

  int16(value: number): void {
    assert(value === (value << 16) >> 16, 'an int16 has 16 bits')
    this.#reserve(2)
    this.#slab[this.#position] = value >>> 8
    this.#slab[this.#position + 1] = value
    this.#position += 2
  }

  int32(value: number): void {
    assert(value === (value | 0), 'an int32 has 32 bits')
    this.#reserve(4)
    putInt32(this.#slab, this.#position, value)
    this.#position += 4
  }

  /** Two halves instead of a BigInt, which would cost an allocation and twice the time. */
  int64(value: number): void {
    assert(Number.isSafeInteger(value), 'an int64 is a safe integer')
    this.#reserve(8)
    putInt32(this.#slab, this.#position, Math.floor(value / 0x1_0000_0000))
    putInt32(this.#slab, this.#position + 4, value)
    this.#position += 8
  }

  boolean(value: boolean): void {
    this.int8(value ? 1 : 0)
  }

  unsignedVarint(value: number): void {
    assert(Number.isInteger(value) && value >= 0 && value <= 0xffff_ffff, 'varint out of range')
    this.#reserve(5)
    let rest = value
    while (rest > 0x7f) {
      this.#slab[this.#position++] = (rest & 0x7f) | 0x80
      rest >>>= 7
    }
    this.#slab[this.#position++] = rest
  }

  string(value: string): void {
    if (this.#ascii(value, 2)) {
      this.#slab[this.#position] = 0
      this.#slab[this.#position + 1] = value.length
      this.#position += 2 + value.length
      return
    }
    const length = Buffer.byteLength(value)
    this.int16(length)
    this.#text(value, length)
  }

  nullableString(value: string | null): void {
    if (value === null) this.int16(-1)
    else this.string(value)
  }

  compactString(value: string): void {
    if (this.#ascii(value, 1)) {
      this.#slab[this.#position] = value.length + 1
      this.#position += 1 + value.length
      return
    }
    const length = Buffer.byteLength(value)
    this.unsignedVarint(length + 1)
    this.#text(value, length)
  }

  compactNullableString(value: string | null): void {
    if (value === null) this.unsignedVarint(0)
    else this.compactString(value)
  }

  arrayLength(length: number): void {
    this.int32(length)
  }

  compactArrayLength(length: number): void {
    this.unsignedVarint(length + 1)
  }

  records(value: Buffer | readonly Buffer[] | null): void {
    this.int32(value === null ? -1 : recordBytes(value))
    if (value !== null) this.#records(value)
  }

  compactRecords(value: Buffer | readonly Buffer[] | null): void {
    this.unsignedVarint(value === null ? 0 : recordBytes(value) + 1)
    if (value !== null) this.#records(value)
  }

  /**
   * A tagged field: its tag, its size and what `write` writes. They are rare, so a copy is fine.
   */
  taggedField(tag: number, write: (content: WireWriter) => void): void {
    const content = new WireWriter()
    write(content)
    this.unsignedVarint(tag)
    this.unsignedVarint(content.size)
    for (const chunk of content.take()) this.bytes(chunk)
  }

  bytes(value: Buffer): void {
    if (value.length <= COPY_BYTES_MAX) {
      this.#reserve(value.length)
      value.copy(this.#slab, this.#position)
      this.#position += value.length
      return
    }
    this.#cut()
    this.#chunks.push(value)
    this.#chunkBytes += value.length
  }

  #records(value: Buffer | readonly Buffer[]): void {
    if (Buffer.isBuffer(value)) this.bytes(value)
    else for (const chunk of value) this.bytes(chunk)
  }

  /** Puts a short text behind room for its length; false when it is long or not ASCII. */
  #ascii(value: string, lengthBytes: number): boolean {
    const { length } = value
    if (length > ASCII_LENGTH_MAX) return false
    this.#reserve(lengthBytes + length)
    const slab = this.#slab
    const start = this.#position + lengthBytes
    for (let index = 0; index < length; index++) {
      const unit = value.charCodeAt(index)
      if (unit > 0x7f) return false
      slab[start + index] = unit
    }
    return true
  }

  #text(value: string, length: number): void {
    this.#reserve(length)
    this.#slab.write(value, this.#position, length)
    this.#position += length
  }

  #reserve(size: number): void {
    if (this.#position + size <= this.#slab.length) return
    this.#cut()
    this.#slab = Buffer.allocUnsafeSlow(Math.max(this.#slabBytes, size))
    this.#slabBytes = Math.min(this.#slabBytes * 2, SLAB_BYTES_MAX)
    this.#start = 0
    this.#position = 0
  }

  #cut(): void {
    if (this.#position === this.#start) return
    this.#chunks.push(this.#slab.subarray(this.#start, this.#position))
    this.#chunkBytes += this.#position - this.#start
    this.#start = this.#position
  }
}

function putInt32(slab: Buffer, position: number, value: number): void {
  slab[position] = value >>> 24
  slab[position + 1] = value >>> 16
  slab[position + 2] = value >>> 8
  slab[position + 3] = value
}

function recordBytes(value: Buffer | readonly Buffer[]): number {
  if (Buffer.isBuffer(value)) return value.length
  let size = 0
  for (const chunk of value) size += chunk.length
  return size
}

function frameTooLarge(length: number): BusError {
  return new BusError(
    'PAYLOAD_TOO_LARGE',
    `The frame would have ${length} bytes; the limit is ${limits.frameBytesMax}.`,
  )
}

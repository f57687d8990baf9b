/**
 * Variable-length integers of the record format: zigzag, seven bits a byte, least significant
 * group first. Zigzag keeps the sign in the lowest bit, so a value is taken apart into that bit and
 * a magnitude (`-n - 1` for negative n), and every safe integer passes without a BigInt.
 */
import { BusError } from '@courant/kernel'

/** An int32 takes at most five bytes, an int64 ten. */
const VARINT_BYTES_MAX = 5
const VARLONG_BYTES_MAX = 10

/** Bytes that a safe integer takes. */
export function varintSize(value: number): number {
  let magnitude = value < 0 ? -value - 1 : value
  let size = 1
  for (; magnitude >= 0x40 * 0x80; magnitude = Math.floor(magnitude / 0x80)) size += 1
  return magnitude >= 0x40 ? size + 1 : size
}

/** Writes a safe integer and returns the position behind it. The caller has reserved the space. */
export function writeVarint(buffer: Buffer, value: number, position: number): number {
  const sign = value < 0 ? 1 : 0
  let magnitude = value < 0 ? -value - 1 : value
  if (magnitude < 0x40) {
    buffer[position] = (magnitude << 1) | sign
    return position + 1
  }
  buffer[position] = 0x80 | ((magnitude % 0x40) << 1) | sign
  magnitude = Math.floor(magnitude / 0x40)
  let next = position + 1
  for (; magnitude >= 0x80; magnitude = Math.floor(magnitude / 0x80)) {
    buffer[next++] = 0x80 | (magnitude % 0x80)
  }
  buffer[next++] = magnitude
  return next
}

/**
 * Reads integers one after the other from `buffer[position, end)`. Whatever the bytes are, it reads
 * within those bounds or throws CORRUPT_MESSAGE.
 */
export class VarintReader {
  readonly buffer: Buffer
  position: number
  end: number

  constructor(buffer: Buffer, position: number, end: number) {
    this.buffer = buffer
    this.position = position
    this.end = end
  }

  byte(): number {
    if (this.position >= this.end) throw cutOff()
    const value = this.buffer[this.position] ?? 0
    this.position += 1
    return value
  }

  /** An int32. */
  varint(): number {
    const first = this.byte()
    if (first < 0x80) return (first >>> 1) ^ -(first & 1)
    const value = this.#long(first, VARINT_BYTES_MAX)
    if (value !== (value | 0)) throw outOfRange()
    return value
  }

  /** An int64 that must be a safe integer. */
  varlong(): number {
    const first = this.byte()
    if (first < 0x80) return (first >>> 1) ^ -(first & 1)
    const value = this.#long(first, VARLONG_BYTES_MAX)
    if (!Number.isSafeInteger(value)) throw outOfRange()
    return value
  }

  #long(first: number, bytesMax: number): number {
    let magnitude = (first & 0x7f) >>> 1
    let unit = 0x40
    for (let count = 1; count < bytesMax; count += 1) {
      const next = this.byte()
      magnitude += (next & 0x7f) * unit
      if (next < 0x80) return (first & 1) === 0 ? magnitude : -magnitude - 1
      unit *= 0x80
    }
    throw outOfRange()
  }
}

function cutOff(): BusError {
  return new BusError('CORRUPT_MESSAGE', 'A record ends in the middle of a number.')
}

function outOfRange(): BusError {
  return new BusError('CORRUPT_MESSAGE', 'A number of a record is out of range.')
}

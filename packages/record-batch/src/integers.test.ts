import fc from 'fast-check'
import { expect, it } from 'vitest'
import { readInt32, readInt64, writeInt32, writeInt64 } from './integers.ts'

it('reads and writes 32 bits as Buffer does', () => {
  fc.assert(
    fc.property(fc.integer(), (value) => {
      const bytes = Buffer.alloc(12, 0xa5)
      const expected = Buffer.from(bytes)
      expected.writeInt32BE(value, 4)
      writeInt32(bytes, value, 4)
      expect(bytes).toEqual(expected)
      expect(readInt32(bytes, 4)).toBe(value)
      writeInt32(bytes, value >>> 0, 4)
      expect(bytes).toEqual(expected)
    }),
  )
})

it('reads and writes every safe integer in 64 bits as Buffer does', () => {
  fc.assert(
    fc.property(fc.maxSafeInteger(), (value) => {
      const bytes = Buffer.alloc(16, 0xa5)
      const expected = Buffer.from(bytes)
      expected.writeBigInt64BE(BigInt(value), 4)
      writeInt64(bytes, value, 4)
      expect(bytes).toEqual(expected)
      expect(readInt64(bytes, 4)).toBe(value)
    }),
  )
})

import fc from 'fast-check'
import { expect, it } from 'vitest'
import { ByteWriter } from './byte-writer.ts'

it('writes every safe integer as JavaScript does', () => {
  const digits = Array.from({ length: 16 }, (_, count) => 10 ** count)
  const anyInteger = fc.oneof(
    fc.maxSafeInteger(),
    fc.nat(),
    fc.constantFrom(...digits, ...digits.map((value) => value - 1), Number.MAX_SAFE_INTEGER),
  )
  fc.assert(
    fc.property(fc.array(anyInteger), (values) => {
      const out = new ByteWriter(1)
      for (const value of values) {
        out.integer(value)
        out.ascii(' ')
      }
      expect(out.take().toString()).toBe(values.map((value) => `${value} `).join(''))
    }),
    { numRuns: 500 },
  )
})

it('writes UTF-8 as a JSON string that reads as the same text, and refuses other bytes', () => {
  const anyBytes = fc.oneof(
    fc.string({ unit: 'binary' }).map((text) => Buffer.from(text)),
    fc.uint8Array().map((bytes) => Buffer.from(bytes)),
  )
  fc.assert(
    fc.property(anyBytes, (bytes) => {
      const out = new ByteWriter(1)
      const text = bytes.toString()
      const isUtf8 = Buffer.from(text).equals(bytes)
      expect(out.text(bytes, 0, bytes.length)).toBe(isUtf8)
      const written = out.take()
      expect(isUtf8 ? JSON.parse(written.toString()) : written.length).toBe(isUtf8 ? text : 0)
    }),
    { numRuns: 500 },
  )
})

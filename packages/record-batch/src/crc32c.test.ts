import fc from 'fast-check'
import { expect, it } from 'vitest'
import { crc32c, crc32cOfTable } from './crc32c.ts'

it('has the check value of the Castagnoli polynomial', () => {
  expect(crc32c(Buffer.from('123456789'))).toBe(0xe3069283)
  expect(crc32c(Buffer.alloc(0))).toBe(0)
})

it('agrees between the native library and the table, at every length and alignment', () => {
  fc.assert(
    fc.property(fc.uint8Array({ maxLength: 600 }), fc.nat(), (array, chosen) => {
      const bytes = Buffer.from(array)
      const start = chosen % (bytes.length + 1)
      expect(crc32c(bytes, start)).toBe(crc32cOfTable(bytes, start))
    }),
  )
})

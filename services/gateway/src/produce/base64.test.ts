import fc from 'fast-check'
import { expect, it } from 'vitest'
import { base64Bytes } from './base64.ts'

const BASE64 = /^(?:[A-Za-z0-9+/]{4})*(?:[A-Za-z0-9+/]{2}==|[A-Za-z0-9+/]{3}=)?$/

it('takes what RFC 4648 calls base64, with its padding, and nothing that only looks like it', () => {
  const letter = fc.constantFrom(...'ABYZabyz0189+/', '=', '-', '_', ' ', '\n', '\\', 'é', '!')
  const almost = fc.array(letter, { maxLength: 16 }).map((letters) => letters.join(''))
  const valid = fc
    .uint8Array({ maxLength: 40 })
    .map((bytes) => Buffer.from(bytes).toString('base64'))
  fc.assert(
    fc.property(fc.oneof(almost, valid), (text) => {
      const bytes = Buffer.from(`xx${text}yy`)
      const decoded = base64Bytes(bytes, 2, bytes.length - 2)
      expect(decoded).toEqual(BASE64.test(text) ? Buffer.from(text, 'base64') : null)
    }),
    { numRuns: Number(process.env['COURANT_FUZZ_RUNS'] ?? 5_000) },
  )
})

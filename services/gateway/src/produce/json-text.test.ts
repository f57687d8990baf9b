import fc from 'fast-check'
import { expect, it } from 'vitest'
import { unescapeText } from './json-text.ts'

/** What `JSON.parse` makes of a string's content; null where that has no UTF-8. */
function expected(content: string): Buffer | null {
  const text: string = JSON.parse(`"${content}"`)
  return text.isWellFormed() ? Buffer.from(text) : null
}

function unescaped(content: string): Buffer | null {
  const bytes = Buffer.from(`xx${content}`)
  const target = Buffer.alloc(bytes.length + 1, 0xee)
  const end = unescapeText(bytes, 2, bytes.length, target, 1)
  expect(target[0]).toBe(0xee)
  if (end < 0) return null
  expect(target.subarray(end).every((byte) => byte === 0xee)).toBe(true)
  return target.subarray(1, end)
}

const hex = fc.nat(0xffff).map((unit) => unit.toString(16).padStart(4, '0'))
const piece = fc.oneof(
  fc.constantFrom('\\"', '\\\\', '\\/', '\\b', '\\f', '\\n', '\\r', '\\t', '\\ud83d\\ude00'),
  hex.map((digits) => `\\u${digits}`),
  hex.map((digits) => `\\u${digits.toUpperCase()}`),
  fc.nat(0x7ff).map((unit) => `\\ud${(0x800 + unit).toString(16)}`),
  fc.constantFrom('a', 'é', '€', '😀', ' '),
)

it('stands for what JSON.parse reads, and lone surrogates stand for nothing', () => {
  fc.assert(
    fc.property(fc.array(piece, { maxLength: 12 }), (pieces) => {
      const content = pieces.join('')
      expect(unescaped(content)).toEqual(expected(content))
    }),
    { numRuns: Number(process.env['COURANT_FUZZ_RUNS'] ?? 5_000) },
  )
})

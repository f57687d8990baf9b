/** Goal: the scanner takes exactly what is JSON, and ends exactly where a value ends. */
import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { almostJson, anyJson } from '../../test/records/arbitrary-json.ts'
import { isJsonValue, JsonScanner } from './json-scanner.ts'

function accepts(text: string | Buffer): boolean {
  const bytes = Buffer.from(text)
  const scanner = new JsonScanner(bytes)
  return scanner.value() && scanner.finish()
}

function parses(text: string): boolean {
  try {
    JSON.parse(text)
    return true
  } catch {
    return false
  }
}

describe('the scanner', () => {
  it('accepts what JSON.parse accepts, and nothing else', () => {
    fc.assert(
      fc.property(fc.oneof(anyJson, almostJson, fc.string({ unit: 'binary-ascii' })), (text) => {
        expect(accepts(text)).toBe(parses(text))
      }),
      { numRuns: Number(process.env['COURANT_FUZZ_RUNS'] ?? 3000) },
    )
  })

  it('ends behind a value, whatever follows', () => {
    fc.assert(
      fc.property(anyJson, fc.constantFrom(',', '}', ']', ' '), (text, next) => {
        const value = text.trim()
        const bytes = Buffer.from(value + next)
        const scanner = new JsonScanner(bytes)
        expect(scanner.value()).toBe(true)
        expect(scanner.position).toBe(bytes.length - 1)
      }),
    )
  })

  it('never reads beyond its end', () => {
    fc.assert(
      fc.property(anyJson, fc.nat(), (text, chosen) => {
        const bytes = Buffer.from(text)
        const end = chosen % (bytes.length + 1)
        const part = bytes.subarray(0, end)
        const scanner = new JsonScanner(bytes, 0, end)
        expect(scanner.value() && scanner.finish()).toBe(accepts(part))
        expect(scanner.position).toBeLessThanOrEqual(end)
      }),
    )
  })

  it.each([
    ['01', '"1" at byte 1'],
    ['-', 'end at byte 1'],
    ['1.', 'end at byte 2'],
    ['1e+', 'end at byte 3'],
    ['"a', 'end at byte 2'],
    ['"\u0001"', '0x01 at byte 1'],
    ['"\\x"', '"x" at byte 2'],
    ['"\\u12g4"', '"g" at byte 5'],
    ['[1,]', '"]" at byte 3'],
    ['{"a":1,}', '"}" at byte 7'],
    ['{"a" 1}', '"1" at byte 5'],
    ['{1:2}', '"1" at byte 1'],
    ['[1}', '"}" at byte 2'],
    ['tru', 'end at byte 3'],
    ['nul ', '0x20 at byte 3'],
    ['', 'end at byte 0'],
  ])('says what is wrong with %s', (text, problem) => {
    const scanner = new JsonScanner(Buffer.from(text))
    expect(scanner.value() && scanner.finish()).toBe(false)
    expect(scanner.problem).toBe(`unexpected ${problem}`)
  })

  it('goes 32 levels deep and no deeper, however deep the text is', () => {
    expect(accepts('['.repeat(32) + ']'.repeat(32))).toBe(true)
    expect(accepts(`${'{"a":'.repeat(31)}{}${'}'.repeat(31)}`)).toBe(true)
    expect(accepts('['.repeat(33) + ']'.repeat(33))).toBe(false)
    const bomb = new JsonScanner(Buffer.alloc(5_000_000, '['))
    expect(bomb.value()).toBe(false)
    expect(bomb.problem).toContain('32 levels')
  })
})

describe('a JSON value', () => {
  it.each(['{"a":1}', '"ü"', 'null', '-0'])('is %s', (text) => {
    const bytes = Buffer.from(`x${text}x`)
    expect(isJsonValue(new JsonScanner(bytes), bytes, 1, bytes.length - 1)).toBe(true)
  })

  it.each([
    ['empty', ''],
    ['followed by another', '1 2'],
    ['followed by space', '1 '],
    ['after space', '\n1'],
    ['not UTF-8', Buffer.from([0x22, 0xff, 0x22])],
    ['a lone continuation byte', Buffer.from([0x22, 0x80, 0x22])],
    ['forging', '"},{"offset":7'],
  ])('is not what is %s', (_, text) => {
    const bytes = Buffer.from(text)
    expect(isJsonValue(new JsonScanner(bytes), bytes, 0, bytes.length)).toBe(false)
  })
})

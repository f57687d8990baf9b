import { describe, expect, it } from 'vitest'
import { knownText } from './known-texts.ts'

describe('known texts', () => {
  it('are what the bytes say, also when thousands share the slots', () => {
    for (let round = 0; round < 2; round++) {
      for (let index = 0; index < 5_000; index++) {
        const text = `topic-${index * 7_919}`
        const bytes = Buffer.from(`<${text}>`)
        expect(knownText(bytes, 1, bytes.length - 1)).toBe(text)
      }
    }
  })

  it('tell apart texts with one hash', () => {
    for (const text of ['Aa', 'BB', 'AaBB', 'BBAa', '', '\0', 'Aa']) {
      expect(knownText(Buffer.from(text), 0, text.length)).toBe(text)
    }
  })

  it('are short and ASCII: others are left to their decoder', () => {
    expect(knownText(Buffer.alloc(64, 'x'), 0, 64)).toBe('x'.repeat(64))
    expect(knownText(Buffer.alloc(65, 'x'), 0, 65)).toBeNull()
    const umlaut = Buffer.from('Köln')
    expect(knownText(umlaut, 0, umlaut.length)).toBeNull()
  })
})

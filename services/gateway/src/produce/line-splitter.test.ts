import { BusError, limits } from '@courant/kernel'
import fc from 'fast-check'
import { expect, it } from 'vitest'
import { LineSplitter } from './line-splitter.ts'

it('finds the same lines however the bytes are cut, empty ones aside', () => {
  const line = fc.string({ unit: fc.constantFrom('a', 'ü', '\r', ' ') })
  fc.assert(
    fc.property(fc.array(line, { minLength: 1 }), fc.array(fc.nat()), (lines, cuts) => {
      const bytes = Buffer.from(lines.join('\n'))
      const ends = [...cuts.map((cut) => cut % (bytes.length + 1)), 0, bytes.length]
      ends.sort((a, b) => a - b)
      const splitter = new LineSplitter()
      const found: string[] = []
      for (const [index, end] of ends.entries()) {
        const chunk = bytes.subarray(ends[index - 1] ?? 0, end)
        found.push(...splitter.push(chunk).map(String))
      }
      const last = splitter.end()
      if (last !== null) found.push(String(last))
      const expected = lines.map((text) => (text.endsWith('\r') ? text.slice(0, -1) : text))
      const filled = (text: string): boolean => text !== ''
      expect(found.filter(filled)).toEqual(expected.filter(filled))
    }),
  )
})

it('refuses a line beyond the limit before it keeps more of it', () => {
  const splitter = new LineSplitter()
  const chunk = Buffer.alloc(limits.lineBytesMax / 4, 'x')
  for (let count = 0; count < 4; count += 1) expect(splitter.push(chunk)).toEqual([])
  expect(() => splitter.push(Buffer.from('x'))).toThrow(BusError)
})

import fc from 'fast-check'
import { expect, test } from 'vitest'
import { type InputLine, LineReader } from './line-reader.ts'

function read(text: string, cuts: readonly number[], bytesMax: number): InputLine[] {
  const reader = new LineReader(bytesMax)
  const bytes = Buffer.from(text)
  const ends = [...cuts.map((cut) => cut % (bytes.length + 1)), bytes.length].sort((a, b) => a - b)
  let start = 0
  const lines = ends.flatMap((end) => {
    const chunk = bytes.subarray(start, end)
    start = end
    return reader.push(chunk)
  })
  const last = reader.end()
  return last === null ? lines : [...lines, last]
}

test('lines are the same however the input is cut into chunks', () => {
  const text = fc
    .string({ unit: 'binary', maxLength: 30 })
    .map((some) => some.replaceAll('x', '\n'))
  fc.assert(
    fc.property(text, fc.array(fc.integer({ min: 0, max: 200 })), (some, cuts) => {
      const expected = some.split('\n')
      if (expected.at(-1) === '') expected.pop()
      const lines = read(some, cuts, 1_000)
      expect(lines.map(({ bytes }) => bytes?.toString())).toEqual(
        expected.map((line) => Buffer.from(line).toString()),
      )
      expect(lines.map(({ number }) => number)).toEqual(expected.map((_, index) => index + 1))
    }),
  )
})

test('a line that is too long is told as such, and the lines behind it keep their numbers', () => {
  const lines = read(`a\n${'b'.repeat(100)}\nc\n`, [10, 30, 60], 50)
  expect(lines.map(({ number, bytes }) => [number, bytes?.toString() ?? null])).toEqual([
    [1, 'a'],
    [2, null],
    [3, 'c'],
  ])
})

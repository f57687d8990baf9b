import fc from 'fast-check'
import { expect, test } from 'vitest'
import { LineNumbers } from './line-numbers.ts'

test('every result is named by its line, whatever lines were left out', () => {
  fc.assert(
    fc.property(fc.array(fc.boolean()), (sent) => {
      const numbers = new LineNumbers()
      const expected = sent.flatMap((isSent, index) => (isSent ? [index + 1] : []))
      for (const line of expected) numbers.sent(line)
      expect(expected.map((_, index) => numbers.lineOf(index))).toEqual(expected)
      expect(numbers.sentCount).toBe(expected.length)
    }),
  )
})

test('results that come while lines are sent are named by their lines', () => {
  const numbers = new LineNumbers()
  numbers.sent(1)
  expect(numbers.lineOf(0)).toBe(1)
  numbers.sent(4)
  numbers.sent(5)
  expect([numbers.lineOf(1), numbers.lineOf(2)]).toEqual([4, 5])
})

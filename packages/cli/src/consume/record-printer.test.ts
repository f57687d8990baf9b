import { expect, test } from 'vitest'
import { harmless } from './record-printer.ts'

test('a value cannot command the terminal that shows it', () => {
  expect(harmless('a\x1b[2J\x07\u009b31m\r\tb\n')).toBe('a\\x1b[2J\\x07\\x9b31m\\x0d\tb\n')
})

import { expect, it } from 'vitest'
import { murmur2, partitionOfKey } from './partitioner.ts'

it.each([
  ['21', -973932308],
  ['foobar', -790332482],
  ['a-little-bit-long-string', -985981536],
  ['a-little-bit-longer-string', -1486304829],
  ['lkjh234lh9fiuh90y23oiuhsafujhadof229phr9h19h89h8', -58897971],
  ['abc', 479470107],
  // An empty key is a key: it has a partition of its own.
  ['', 275646681],
])('hashes %s as the Java client does', (key, expected) => {
  expect(murmur2(Buffer.from(key))).toBe(expected)
})

it('takes the partition from the key alone, wherever its bytes lie', () => {
  const buffer = Buffer.from('..foobar..')
  const expected = (-790332482 & 0x7fffffff) % 12
  expect(partitionOfKey(12, Buffer.from('foobar'))).toBe(expected)
  expect(partitionOfKey(12, buffer, 2, 8)).toBe(expected)
})

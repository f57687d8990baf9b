import { BusError } from '@courant/kernel'
import { expect, it } from 'vitest'
import { compress, decompress } from './compression.ts'

it.each(['gzip', 'zstd'] as const)('stops a %s bomb at the cap', (compression) => {
  const bomb = compress(compression, Buffer.alloc(4_000_000))
  expect(bomb.length).toBeLessThan(10_000)
  expect(() => decompress(compression, bomb, 1_000_000)).toThrow('more than 1000000 bytes')
  expect(decompress(compression, bomb, 4_000_000).length).toBe(4_000_000)
})

it.each(['gzip', 'zstd'] as const)('refuses bytes that are not %s', (compression) => {
  expect(() => decompress(compression, Buffer.from('not compressed'))).toThrow(BusError)
})

it.each(['gzip', 'zstd'] as const)('refuses %s that is cut off, at every byte', (compression) => {
  const records = Buffer.from('the records of a batch '.repeat(20))
  const compressed = compress(compression, records)
  for (let size = 0; size < compressed.length; size += 1) {
    expect(() => decompress(compression, compressed.subarray(0, size))).toThrow(BusError)
  }
  expect(decompress(compression, compressed)).toEqual(records)
})

it.each(['snappy', 'lz4', 'unknown'] as const)('says that %s cannot be read', (compression) => {
  expect(() => decompress(compression, Buffer.alloc(10))).toThrow('use gzip, zstd or none')
})

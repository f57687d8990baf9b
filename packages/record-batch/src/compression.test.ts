import { constants, zstdCompressSync } from 'node:zlib'
import { BusError } from '@courant/kernel'
import { describe, expect, it } from 'vitest'
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

describe.each(['gzip', 'zstd'] as const)('several frames of %s', (compression) => {
  const first = compress(compression, Buffer.from('first '.repeat(20)))
  const second = compress(compression, Buffer.from('second '.repeat(20)))

  it('are read as one', () => {
    const text = String(decompress(compression, Buffer.concat([first, second])))
    expect(text).toBe('first '.repeat(20) + 'second '.repeat(20))
  })

  it('are refused when the last is cut off, at every byte', () => {
    for (let size = 1; size < second.length; size += 1) {
      const cut = Buffer.concat([first, second.subarray(0, size)])
      expect(() => decompress(compression, cut)).toThrow(BusError)
    }
  })

  it.each(['garbage', '\0', '\0'.repeat(64), 'x'.repeat(100_000)])(
    'are refused with other bytes behind them (%#)',
    (garbage) => {
      const followed = Buffer.concat([first, second, Buffer.from(garbage)])
      expect(() => decompress(compression, followed)).toThrow(BusError)
    },
  )
})

it('takes zstd whose checksum ends like a magic number begins', () => {
  const checksum = { [constants.ZSTD_c_checksumFlag]: 1 }
  let found = 0
  for (let seed = 0; seed < 2_000; seed += 1) {
    const records = Buffer.from(`record ${seed}`)
    const compressed = zstdCompressSync(records, { params: checksum })
    if (compressed.at(-1) !== 0x28) continue
    found += 1
    expect(decompress('zstd', compressed)).toEqual(records)
    expect(() => decompress('zstd', Buffer.concat([compressed, Buffer.of(0x28)]))).toThrow(BusError)
  }
  expect(found).toBeGreaterThan(0)
})

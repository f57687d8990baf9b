/** Goal: one key meets in one partition whichever client wrote it. kafkajs is the foreign one. */
import { createRequire } from 'node:module'
import fc from 'fast-check'
import { expect, it } from 'vitest'
import { murmur2, partitionOfKey } from '../src/index.ts'

const require = createRequire(import.meta.url)
const { JavaCompatiblePartitioner } = require('kafkajs/src/producer/partitioners')
const foreignMurmur2 = require('kafkajs/src/producer/partitioners/default/murmur2')

const anyKey = fc.uint8Array({ maxLength: 100 }).map((bytes) => Buffer.from(bytes))

it('hashes any key as kafkajs does, to either sign', () => {
  const signs = new Set<number>()
  fc.assert(
    fc.property(anyKey, (key) => {
      signs.add(Math.sign(murmur2(key)))
      expect(murmur2(key)).toBe(foreignMurmur2(key))
    }),
    { numRuns: 500 },
  )
  expect(signs).toContain(-1)
  expect(signs).toContain(1)
})

it('chooses the partition that kafkajs chooses', () => {
  fc.assert(
    fc.property(anyKey, fc.integer({ min: 1, max: 10_000 }), (key, count) => {
      const partitionMetadata = Array.from({ length: count }, (_, partitionId) => ({
        partitionId,
        leader: 1,
      }))
      const choose = JavaCompatiblePartitioner()
      expect(partitionOfKey(count, key)).toBe(
        choose({ topic: 't', partitionMetadata, message: { key } }),
      )
    }),
    { numRuns: 50 },
  )
})

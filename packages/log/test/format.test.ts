/**
 * Goal: the bytes on disk do not change unnoticed. Method: each encoder's output is compared with
 * hex vectors that stay in the repository, and read back from them.
 */
import { readFile } from 'node:fs/promises'
import { join } from 'node:path'
import type { LeaderEpoch, Offset, PartitionIndex } from '@courant/kernel'
import { RecordBatch } from '@courant/record-batch'
import { describe, expect, it } from 'vitest'
import { decodePartition, encodePartition } from '../src/checkpoint/checkpoint-record.ts'
import { MemoryPool } from '../src/memory/memory-pool.ts'
import { SlabAllocator } from '../src/memory/slab-allocator.ts'
import { ProducerTable } from '../src/producer/producer-table.ts'
import { RingCycle } from '../src/ring/ring-cycle.ts'
import { decodeEntries, encodeChange } from '../src/ring/ring-entry.ts'
import { CYCLE_HEADER_BYTES, decodeSuperblock, encodeSuperblock } from '../src/ring/ring-layout.ts'
import { nextIndexEntry } from '../src/segment/segment-index.ts'
import { at, batchOf, first, topic } from './fixture.ts'

const secret = Buffer.from('000102030405060708090a0b0c0d0e0f', 'hex')
const superblock = { ringBytes: 65_536, secret, run: 3 }
const partition = {
  incarnation: 5,
  topicId: topic,
  partition: 2 as PartitionIndex,
  appliedCycle: 77,
  logStartOffset: at(4),
  highWatermark: at(9),
  files: {
    fileEnd: at(12),
    sealed: [
      { baseOffset: at(0), size: 500, indexEntries: 0, maxTimestamp: 99, lastAppendMs: 100 },
    ],
    active: {
      baseOffset: at(7),
      size: 300,
      indexEntries: 1,
      indexedTo: 200,
      maxTimestamp: 150,
      firstAppendMs: 120,
      lastAppendMs: 160,
    },
  },
  epochs: [{ epoch: 1 as LeaderEpoch, offset: at(0) }],
  producers: producersOf([0, 9, 0], [1, 10, 4], [1, 11, 9]),
}

describe('the format on disk', () => {
  it('of the superblock', async () => {
    const expected = await vector('superblock')
    expect(encodeSuperblock(superblock).subarray(0, 48).toString('hex')).toBe(expected)
    const block = Buffer.alloc(4096)
    block.write(expected, 'hex')
    expect(decodeSuperblock(block)).toEqual(superblock)
  })

  it('of a cycle and its entries', async () => {
    const allocator = new SlabAllocator(new MemoryPool(), 1024 * 1024)
    const cycle = new RingCycle(9, allocator)
    const incarnation = 5
    cycle.addEntry(encodeChange({ type: 'create', incarnation, topicId: topic, partition: first }))
    cycle.addEntry(
      encodeChange({ type: 'epochStart', incarnation, epoch: 1 as LeaderEpoch, offset: at(0) }),
    )
    for (const value of ['a', 'b']) {
      const batch = batchOf([value])
      const start = cycle.addAppend(incarnation, batch.length)
      allocator.slab.memory.set(batch, start)
    }
    cycle.addEntry(encodeChange({ type: 'truncate', incarnation, offset: at(1) }))
    cycle.addEntry(encodeChange({ type: 'logStart', incarnation, offset: at(1) }))
    cycle.addEntry(encodeChange({ type: 'delete', incarnation }))
    const bytes = Buffer.concat(cycle.seal(3, secret))
    expect(bytes.length % 4096).toBe(0)
    const used = bytes.subarray(0, CYCLE_HEADER_BYTES + cycle.payloadBytes)
    expect(used.toString('hex')).toBe(await vector('cycle'))
    const types = [...decodeEntries(used.subarray(CYCLE_HEADER_BYTES))].map(({ type }) => type)
    expect(types).toEqual(['create', 'epochStart', 'append', 'truncate', 'logStart', 'delete'])
  })

  it('of a partition in the checkpoint log', async () => {
    const expected = await vector('checkpoint-record')
    const { head, producers } = encodePartition(partition)
    expect(Buffer.concat([head, producers]).toString('hex')).toBe(expected)
    expect(decodePartition(Buffer.from(expected, 'hex'))).toEqual(partition)
  })

  it('of a partition that an earlier version saved, without producers', async () => {
    const { head } = encodePartition(partition)
    expect((await vector('checkpoint-record')).startsWith(head.toString('hex'))).toBe(true)
    expect(decodePartition(head)).toEqual({ ...partition, producers: Buffer.alloc(0) })
  })

  it('of an index entry', async () => {
    const batch = new RecordBatch(batchOf(['indexed']))
    const segment = { baseOffset: 0 as Offset, maxTimestamp: 41, indexEntries: 0, indexedTo: 0 }
    const entry = nextIndexEntry(segment, batch, 20_000)
    expect(entry?.toString('hex')).toBe(await vector('index-entry'))
  })
})

/** The state of one producer that has appended batches of two records: epoch, offset, sequence. */
function producersOf(...batches: readonly (readonly [number, number, number])[]): Buffer {
  const table = new ProducerTable(Buffer.alloc(0))
  for (const [producerEpoch, baseOffset, baseSequence] of batches) {
    const bytes = batchOf(['a', 'b'], 1_000, {
      producerId: 2 ** 33 + 7,
      producerEpoch,
      baseSequence,
    })
    const batch = new RecordBatch(bytes)
    batch.stampBaseOffset(at(baseOffset))
    table.push(batch, 1_700_000_000_000)
  }
  return table.toBytes(1_700_000_000_000)
}

async function vector(name: string): Promise<string> {
  const path = join(import.meta.dirname, 'vectors', `${name}.hex`)
  return (await readFile(path, 'utf8')).replaceAll(/\s/g, '')
}

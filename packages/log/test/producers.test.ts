/**
 * Goal: a batch of an idempotent producer is in the log once, at one offset, whatever is sent
 * again, whoever leads, and whichever process it is that is asked. The simulation adds crashes.
 */
import type { BusError, LeaderEpoch } from '@courant/kernel'
import { limits, systemClock } from '@courant/kernel'
import { RecordBatch } from '@courant/record-batch'
import { describe, expect, it } from 'vitest'
import type { AppendResult, PartitionLog } from '../src/index.ts'
import { ProducerTable } from '../src/producer/producer-table.ts'
import {
  at,
  batchOf,
  config,
  crashed,
  epoch0,
  first,
  newRoot,
  openAt,
  readAll,
  topic,
} from './fixture.ts'

const LAST_SEQUENCE = 2 ** 31 - 1
const ID = 1_000

interface Sent {
  readonly id?: number
  readonly epoch?: number
  readonly sequence: number
  readonly records?: number
}

function batch({ id = ID, epoch = 0, sequence, records = 1 }: Sent): Buffer {
  const values = Array.from({ length: records }, (_, index) => `${id}-${epoch}-${sequence + index}`)
  const producer = { producerId: id, producerEpoch: epoch, baseSequence: sequence }
  return batchOf(values, 1_000, producer)
}

function send(log: PartitionLog, sent: Sent): AppendResult {
  return log.append({ batches: batch(sent), leaderEpoch: epoch0 })
}

/** The base offset, or the code of the error. */
function outcome(log: PartitionLog, sent: Sent): string {
  try {
    const result = send(log, sent)
    return `${result.outcome} at ${result.baseOffset}`
  } catch (error) {
    return (error as BusError).code
  }
}

/** Of producers whose ids come in no order, with ten batches each. */
function tableOf(count: number): ProducerTable {
  const table = new ProducerTable(Buffer.alloc(0))
  for (let index = 0; index < 10 * count; index += 1) {
    const id = (index * 7_919) % count
    const bytes = batch({ id, sequence: Math.floor(index / count) })
    new RecordBatch(bytes).stampBaseOffset(at(index))
    table.push(new RecordBatch(bytes), 0)
  }
  return table
}

async function newLog(root?: string): Promise<PartitionLog> {
  return await (await openAt(root ?? (await newRoot()))).create(topic, first, config)
}

async function find(root: string): Promise<PartitionLog> {
  const log = (await openAt(await crashed(root))).find(topic, first)
  if (log === null) throw new Error('the log is gone')
  return log
}

describe('a batch of an idempotent producer', () => {
  it('is in the log once, and told where, however often it is sent', async () => {
    const log = await newLog()
    send(log, { sequence: 0, records: 3 })
    const original = send(log, { sequence: 3, records: 2 })
    const again = send(log, { sequence: 3, records: 2 })
    expect(again).toMatchObject({ outcome: 'duplicate', baseOffset: 3, lastOffset: 4 })
    expect(log.durableEnd).toBe(0)
    await again.durable
    expect(log.durableEnd).toBe(5)
    await original.durable
    expect(outcome(log, { sequence: 3, records: 2 })).toBe('duplicate at 3')
    expect(log.appendedEnd).toBe(5)
  })

  it('is known among the last five, and before these only to be old', async () => {
    const log = await newLog()
    for (let sequence = 0; sequence < 8; sequence += 1) send(log, { sequence })
    expect([3, 4, 5, 6, 7].map((sequence) => outcome(log, { sequence }))).toEqual(
      [3, 4, 5, 6, 7].map((sequence) => `duplicate at ${sequence}`),
    )
    expect(outcome(log, { sequence: 2 })).toBe('DUPLICATE_SEQUENCE_NUMBER')
    expect(log.appendedEnd).toBe(8)
  })

  it('does not jump over what is missing before it', async () => {
    const log = await newLog()
    send(log, { sequence: 0 })
    expect(outcome(log, { sequence: 2 })).toBe('OUT_OF_ORDER_SEQUENCE_NUMBER')
    expect(outcome(log, { sequence: 1 })).toBe('appended at 1')
    expect(outcome(log, { sequence: 2 })).toBe('appended at 2')
  })

  it('that holds more than was appended is no duplicate', async () => {
    const log = await newLog()
    send(log, { sequence: 0, records: 2 })
    send(log, { sequence: 2, records: 2 })
    expect(outcome(log, { sequence: 2, records: 3 })).toBe('OUT_OF_ORDER_SEQUENCE_NUMBER')
    expect(outcome(log, { sequence: 1, records: 3 })).toBe('DUPLICATE_SEQUENCE_NUMBER')
  })

  it('goes on at 0 behind the last sequence of all', async () => {
    const log = await newLog()
    expect(outcome(log, { sequence: LAST_SEQUENCE - 1 })).toBe('appended at 0')
    expect(outcome(log, { sequence: LAST_SEQUENCE, records: 2 })).toBe('appended at 1')
    expect(outcome(log, { sequence: 1 })).toBe('appended at 3')
    expect(outcome(log, { sequence: LAST_SEQUENCE, records: 2 })).toBe('duplicate at 1')
    expect(outcome(log, { sequence: LAST_SEQUENCE - 5 })).toBe('DUPLICATE_SEQUENCE_NUMBER')
    expect(outcome(log, { sequence: 3 })).toBe('OUT_OF_ORDER_SEQUENCE_NUMBER')
  })

  it('of a newer epoch begins at 0, and ends the older one', async () => {
    const log = await newLog()
    send(log, { sequence: 0 })
    expect(outcome(log, { epoch: 2, sequence: 1 })).toBe('OUT_OF_ORDER_SEQUENCE_NUMBER')
    expect(outcome(log, { epoch: 2, sequence: 0 })).toBe('appended at 1')
    expect(outcome(log, { epoch: 1, sequence: 0 })).toBe('INVALID_PRODUCER_EPOCH')
    expect(outcome(log, { epoch: 0, sequence: 0 })).toBe('INVALID_PRODUCER_EPOCH')
    expect(outcome(log, { epoch: 2, sequence: 0 })).toBe('duplicate at 1')
  })

  it('of an unknown producer may have any sequence, as in Kafka', async () => {
    const log = await newLog()
    expect(outcome(log, { sequence: 77 })).toBe('appended at 0')
    expect(outcome(log, { id: 0, sequence: 5, epoch: 32_767 })).toBe('appended at 1')
    expect(outcome(log, { sequence: 77 })).toBe('duplicate at 0')
  })

  it('that was refused leaves nothing behind', async () => {
    const directory = await openAt(await newRoot(), { freeBytesMin: Number.MAX_SAFE_INTEGER })
    const log = await directory.create(topic, first, config)
    expect(outcome(log, { sequence: 0 })).toBe('STORAGE_FULL')
    expect(outcome(log, { sequence: 0 })).toBe('STORAGE_FULL')
    expect(outcome(log, { sequence: 5 })).toBe('STORAGE_FULL')
  })

  it('tells the append time of its original', async () => {
    const log = await newLog()
    const request = { batches: batch({ sequence: 0 }), leaderEpoch: epoch0 }
    const { logAppendTimeMs } = log.append({ ...request, logAppendTimeMs: 4_711 })
    expect(logAppendTimeMs).toBe(4_711)
    const again = log.append({ ...request, logAppendTimeMs: 9_999 })
    expect(again).toMatchObject({ outcome: 'duplicate', logAppendTimeMs: 4_711 })
  })
})

describe('what a log knows of its producers', () => {
  it('survives a crash, from the ring, from a checkpoint and from both', async () => {
    const root = await newRoot()
    const directory = await openAt(root)
    const log = await directory.create(topic, first, config)
    const check = async (next: number) => {
      const copy = await find(root)
      expect(outcome(copy, { sequence: next - 1 })).toBe(`duplicate at ${next - 1}`)
      expect(outcome(copy, { sequence: next + 1 })).toBe('OUT_OF_ORDER_SEQUENCE_NUMBER')
      expect(outcome(copy, { sequence: next })).toBe(`appended at ${next}`)
    }
    for (let sequence = 0; sequence < 3; sequence += 1) await send(log, { sequence }).durable
    await check(3)
    await directory.checkpoint()
    await check(3)
    for (let sequence = 3; sequence < 11; sequence += 1) await send(log, { sequence }).durable
    await check(11)
    await directory.checkpoint()
    await check(11)
    const copy = await find(root)
    expect([5, 6, 10].map((sequence) => outcome(copy, { sequence }))).toEqual([
      'DUPLICATE_SEQUENCE_NUMBER',
      'duplicate at 6',
      'duplicate at 10',
    ])
  })

  it.each(['in memory', 'on file'])('is cut with records that are %s', async (where) => {
    const root = await newRoot()
    const directory = await openAt(root)
    const log = await directory.create(topic, first, config)
    for (let sequence = 0; sequence < 9; sequence += 1) await send(log, { sequence }).durable
    await send(log, { id: 2_000, sequence: 0 }).durable
    if (where === 'on file') await directory.checkpoint()
    await log.truncateTo(at(5))
    const expected = [
      ['DUPLICATE_SEQUENCE_NUMBER', 'duplicate at 3', 'duplicate at 4'],
      ['OUT_OF_ORDER_SEQUENCE_NUMBER', 'appended at 5', 'appended at 6'],
    ]
    for (const each of [await find(root), log]) {
      const oldest = where === 'on file' ? 2 : -1
      expect([oldest, 3, 4].map((sequence) => outcome(each, { sequence }))).toEqual(expected[0])
      expect([6, 5, 6].map((sequence) => outcome(each, { sequence }))).toEqual(expected[1])
      expect(outcome(each, { id: 2_000, sequence: 7 })).toBe('appended at 7')
    }
    expect(await readAll(log)).toHaveLength(8)
  })

  it('is the same on a replica, which judges nothing', async () => {
    const root = await newRoot()
    const log = await newLog(root)
    const replicated = [9, 3, 4].map((sequence, offset) => {
      const bytes = batch({ sequence })
      new RecordBatch(bytes).stampBaseOffset(at(offset))
      new RecordBatch(bytes).stampLeaderEpoch(epoch0)
      return bytes
    })
    await log.replicate(Buffer.concat(replicated)).durable
    for (const each of [await find(root), log]) {
      expect(outcome(each, { sequence: 4 })).toBe('duplicate at 2')
      expect(outcome(each, { sequence: 5 })).toBe('appended at 3')
    }
  })

  it('ends with a restart of the log elsewhere', async () => {
    const log = await newLog()
    for (let sequence = 0; sequence < 3; sequence += 1) await send(log, { sequence }).durable
    await log.restartAt(at(50))
    expect(outcome(log, { sequence: 1 })).toBe('appended at 50')
  })

  it('stays when its records are deleted', async () => {
    const root = await newRoot()
    const directory = await openAt(root)
    const log = await directory.create(topic, first, config)
    for (let sequence = 0; sequence < 3; sequence += 1) await send(log, { sequence }).durable
    log.advanceHighWatermark(at(3))
    await log.advanceLogStart(at(3))
    await directory.checkpoint()
    for (const each of [log, await find(root)]) {
      expect(outcome(each, { sequence: 2 })).toBe('duplicate at 2')
    }
  })

  it('is forgotten after a day without an append, and not before', async () => {
    const root = await newRoot()
    let skippedMs = 0
    const clock = { ...systemClock, now: () => systemClock.now() + skippedMs }
    const directory = await openAt(root, { clock })
    const log = await directory.create(topic, first, config)
    await send(log, { sequence: 0 }).durable
    await directory.checkpoint()
    skippedMs = limits.producerIdleMsMax - 60_000
    expect(outcome(log, { sequence: 0 })).toBe('duplicate at 0')
    skippedMs += 60_001
    expect(outcome(log, { sequence: 9 })).toBe('appended at 1')
    expect(outcome(log, { sequence: 9 })).toBe('duplicate at 1')
  })

  it('is bounded: the producer that has been idle longest goes first', async () => {
    const directory = await openAt(await newRoot(), { ringBytes: 16 * 1024 * 1024 })
    const log = await directory.create(topic, first, config)
    const { producersPerPartitionMax: max } = limits
    for (let id = 0; id < max; id += 1) send(log, { id, sequence: 0 })
    send(log, { id: 0, sequence: 1 })
    send(log, { id: max, sequence: 0 })
    expect(outcome(log, { id: 2, sequence: 5 })).toBe('OUT_OF_ORDER_SEQUENCE_NUMBER')
    expect(outcome(log, { id: 1, sequence: 5 })).toBe(`appended at ${max + 2}`)
    expect(outcome(log, { id: 0, sequence: 1 })).toBe(`duplicate at ${max}`)
    await send(log, { id: max, sequence: 1 }).durable
  })

  it('takes at most 200 bytes a producer, what a checkpoint keeps of it included', () => {
    const saved = tableOf(1_000).toBytes(0)
    const pending = new ProducerTable(saved)
    expect(saved.length / 1_000).toBeLessThanOrEqual(100)
    expect((saved.length + pending.slots.byteLength) / 1_000).toBeLessThanOrEqual(200)
    expect((saved.length + tableOf(1_000).slots.byteLength) / 1_000).toBeLessThanOrEqual(200)
  })

  it('does not hold up an epoch that another leader began', async () => {
    const log = await newLog()
    send(log, { sequence: 0 })
    await log.startEpoch(7 as LeaderEpoch)
    expect(() => send(log, { sequence: 0 })).toThrow('FENCED_LEADER_EPOCH')
    const leaderEpoch = 7 as LeaderEpoch
    const again = log.append({ batches: batch({ sequence: 0 }), leaderEpoch })
    expect(again).toMatchObject({ outcome: 'duplicate', baseOffset: 0 })
  })
})

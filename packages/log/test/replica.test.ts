/** The log of a follower: it keeps what its leader gave, and begins anew when it has to. */
import type { LeaderEpoch } from '@courant/kernel'
import { RecordBatch } from '@courant/record-batch'
import { describe, expect, it } from 'vitest'
import type { PartitionLog } from '../src/index.ts'
import { encodeChange } from '../src/ring/ring-entry.ts'
import {
  append,
  at,
  batchOf,
  config,
  crashed,
  first,
  newRoot,
  openAt,
  readAll,
  topic,
} from './fixture.ts'

const epoch = (value: number) => value as LeaderEpoch

function sent(base: number, leaderEpoch: number, ...values: string[]): Buffer {
  const bytes = batchOf(values)
  const batch = new RecordBatch(bytes)
  batch.stampBaseOffset(at(base))
  batch.stampLeaderEpoch(epoch(leaderEpoch))
  return bytes
}

async function newLog(root: string): Promise<PartitionLog> {
  return await (await openAt(root)).create(topic, first, config)
}

async function afterCrash(root: string): Promise<PartitionLog> {
  const copy = (await openAt(await crashed(root))).find(topic, first)
  if (copy === null) throw new Error('the log is gone')
  return copy
}

describe('a replicated append', () => {
  it('keeps the offsets and epochs of the leader, also after a crash', async () => {
    const root = await newRoot()
    const log = await newLog(root)
    const batches = [sent(0, 1, 'a', 'b'), sent(2, 3, 'c')]
    await log.replicate(Buffer.concat(batches)).durable
    for (const each of [log, await afterCrash(root)]) {
      expect(await readAll(each)).toEqual(['a', 'b', 'c'])
      expect(each.leaderEpoch).toBe(3)
      expect(each.endOffsetForEpoch(epoch(2))).toEqual({ epoch: 1, end: 2 })
    }
  })

  it('refuses what does not go on where the log ends', async () => {
    const log = await newLog(await newRoot())
    await log.replicate(sent(0, 2, 'a')).durable
    for (const wrong of [sent(0, 2, 'x'), sent(2, 2, 'x'), sent(1, 1, 'x')]) {
      expect(() => log.replicate(wrong)).toThrow('does not follow')
    }
    expect(() => log.replicate(Buffer.concat([sent(1, 2, 'b'), sent(3, 2, 'd')]))).toThrow('follow')
    expect(log.appendedEnd).toBe(1)
  })
})

describe('a truncation at the end', () => {
  it('forgets an epoch that has no record, so that older ones can be replicated', async () => {
    const root = await newRoot()
    const log = await newLog(root)
    await log.replicate(sent(0, 1, 'a')).durable
    await log.startEpoch(epoch(5))
    await log.truncateTo(at(1))
    expect(log.leaderEpoch).toBe(1)
    await log.replicate(sent(1, 2, 'b')).durable
    expect((await afterCrash(root)).leaderEpoch).toBe(2)
  })
})

describe('a restart', () => {
  it('leaves nothing, and goes on at its offset, also after a crash', async () => {
    const root = await newRoot()
    const directory = await openAt(root)
    const log = await directory.create(topic, first, config)
    for (let index = 0; index < 20; index += 1) await append(log, `old${index}`)
    await directory.checkpoint()
    await append(log, 'pending')
    await log.restartAt(at(100))
    for (const each of [log, await afterCrash(root)]) {
      expect(each).toMatchObject({ logStartOffset: 100, appendedEnd: 100, durableEnd: 100 })
      expect(each).toMatchObject({ highWatermark: 100, leaderEpoch: -1 })
    }
    await log.replicate(sent(100, 7, 'new')).durable
    expect(await readAll(await afterCrash(root))).toEqual(['new'])
    await directory.checkpoint()
    expect(await readAll(await afterCrash(root))).toEqual(['new'])
    expect(() => log.read({ offset: at(3), maxBytes: 1, end: at(101), first: 'whole' })).toThrow(
      'OFFSET_OUT_OF_RANGE',
    )
  })

  it('may go back to where records are already', async () => {
    const root = await newRoot()
    const log = await newLog(root)
    for (let index = 0; index < 5; index += 1) await append(log, `old${index}`)
    await log.restartAt(at(2))
    await log.replicate(sent(2, 1, 'new')).durable
    expect(await readAll(await afterCrash(root))).toEqual(['new'])
  })

  it('is an entry of the ring', () => {
    const entry = encodeChange({ type: 'restart', incarnation: 5, offset: at(258) })
    expect(entry.toString('hex')).toBe('07000000080000000500000000000000' + '0201000000000000')
  })
})

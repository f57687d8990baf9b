import { mkdir, open, readdir, stat, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { BusError, type LeaderEpoch, systemClock } from '@courant/kernel'
import { describe, expect, it, vi } from 'vitest'
import { DirectoryInUseError } from '../src/index.ts'
import {
  append,
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

const BIG = 'x'.repeat(40_000)

describe('a log directory', () => {
  it('has every acknowledged record after a crash, from the ring alone', async () => {
    const root = await newRoot()
    const log = await (await openAt(root)).create(topic, first, config)
    for (let index = 0; index < 50; index += 1) await append(log, `a${index}`, `b${index}`)
    const reopened = await openAt(await crashed(root))
    const copy = reopened.find(topic, first)
    expect(copy?.durableEnd).toBe(100)
    expect(copy === null ? [] : await readAll(copy)).toEqual(await readAll(log))
  })

  it('reads from files what is no longer in memory, through many segments and laps', async () => {
    const root = await newRoot()
    const directory = await openAt(root, { tailCacheBytes: 0 })
    const log = await directory.create(topic, first, config)
    const written: string[] = []
    for (let index = 0; index < 150; index += 1) {
      written.push(`${index}-${BIG}`, `${index}-small`)
      await append(log, `${index}-${BIG}`, `${index}-small`)
    }
    expect(await readAll(log)).toEqual(written)
    await directory.checkpoint()
    expect(directory.metrics().ringUsedBytes).toBe(0)
    expect(await readAll(log)).toEqual(written)
    expect(await readAll(log, 151)).toEqual(written.slice(151))
    const copy = (await openAt(await crashed(root), { tailCacheBytes: 0 })).find(topic, first)
    expect(copy === null ? [] : await readAll(copy)).toEqual(written)
    expect(copy === null ? [] : await readAll(copy, 77)).toEqual(written.slice(77))
  })

  it('counts the reads for which memory was not enough', async () => {
    const fileReads: number[] = []
    for (const tailCacheBytes of [0, 1 << 20]) {
      const directory = await openAt(await newRoot(), { tailCacheBytes })
      const log = await directory.create(topic, first, config)
      await append(log, 'a')
      await directory.checkpoint()
      expect(await readAll(log)).toEqual(['a'])
      fileReads.push(directory.metrics().fileReads)
    }
    expect(fileReads).toEqual([1, 0])
  })

  it('loses and invents nothing through a dozen crashes in a row', async () => {
    let root = await newRoot()
    const written: string[] = []
    for (let run = 0; run < 12; run += 1) {
      const directory = await openAt(root)
      const log = await directory.create(topic, first, config)
      expect(await readAll(log)).toEqual(written)
      for (let index = 0; index < 7; index += 1) {
        written.push(`${run}-${index}-${BIG}`)
        await append(log, `${run}-${index}-${BIG}`)
      }
      if (run % 3 === 0) await directory.checkpoint()
      root = await crashed(root)
    }
  })

  it('brings no truncated, trimmed or deleted record back', async () => {
    const root = await newRoot()
    const directory = await openAt(root)
    const log = await directory.create(topic, first, config)
    for (let index = 0; index < 10; index += 1) await append(log, `old${index}`)
    await directory.checkpoint()
    for (let index = 10; index < 20; index += 1) await append(log, `old${index}`)
    await log.truncateTo(at(15))
    await append(log, 'new15')
    await log.truncateTo(at(5))
    await append(log, 'new5', 'new6')
    await log.advanceLogStart(at(3))
    const expected = ['old3', 'old4', 'new5', 'new6']
    expect(await readAll(log)).toEqual(expected)
    const copyRoot = await crashed(root)
    const copy = (await openAt(copyRoot)).find(topic, first)
    expect(copy === null ? [] : await readAll(copy)).toEqual(expected)
    expect(copy?.logStartOffset).toBe(3)
    await directory.checkpoint()
    await directory.delete(topic, first)
    const again = await directory.create(topic, first, config)
    await append(again, 'reborn')
    const last = (await openAt(await crashed(root))).find(topic, first)
    expect(last === null ? [] : await readAll(last)).toEqual(['reborn'])
    await directory.checkpoint()
    expect(await readdir(join(root, 'partitions'))).toHaveLength(1)
  })

  it('starts from checkpoints alone after a clean stop, without touching a segment', async () => {
    const root = await newRoot()
    const directory = await openAt(root)
    const log = await directory.create(topic, first, config)
    await append(log, 'a', 'b')
    await log.startEpoch(4 as LeaderEpoch)
    await directory.close()
    const reopened = await openAt(root)
    const copy = reopened.find(topic, first)
    expect(reopened.metrics().openFiles).toBe(0)
    expect(copy?.leaderEpoch).toBe(4)
    expect(copy?.highWatermark).toBe(2)
    expect(copy?.endOffsetForEpoch(epoch0)).toEqual({ epoch: 0, end: 2 })
    expect(copy === null ? [] : await readAll(copy)).toEqual(['a', 'b'])
  })

  it('removes segments that a crash left, and leaves alone what it does not know', async () => {
    const root = await newRoot()
    const directory = await openAt(root)
    await append(await directory.create(topic, first, config), 'a')
    await directory.close()
    const partitions = join(root, 'partitions')
    const [known = ''] = await readdir(partitions)
    const orphans = ['00000000000000000007.log', '00000000000000000007.index']
    for (const name of [...orphans, 'notes.txt'])
      await writeFile(join(partitions, known, name), 'x')
    await mkdir(join(partitions, 'unknown'))
    await writeFile(join(partitions, 'unknown', orphans[0] ?? ''), 'x')
    const reopened = await openAt(root)
    const log = reopened.find(topic, first)
    for (let count = 0; log !== null && count < 9; count += 1) await append(log, `b${count}`)
    await reopened.checkpoint()
    expect((await readdir(join(partitions, known))).sort()).toEqual([
      '00000000000000000000.log',
      'notes.txt',
    ])
    expect(await readdir(join(partitions, 'unknown'))).toEqual([orphans[0]])
  })

  it('is held by one process at a time', async () => {
    const root = await newRoot()
    const directory = await openAt(root)
    await expect(openAt(root)).rejects.toThrow(DirectoryInUseError)
    await directory.close()
    await openAt(root)
  })

  it('refuses appends, with nothing applied, when the disk is short of space', async () => {
    const directory = await openAt(await newRoot(), { freeBytesMin: Number.MAX_SAFE_INTEGER })
    const log = await directory.create(topic, first, config)
    expect(codeOf(() => log.append({ batches: batchOf(['a']), leaderEpoch: epoch0 }))).toBe(
      'STORAGE_FULL',
    )
    expect(log.appendedEnd).toBe(0)
  })

  it.each([
    ['the header', (size: number) => size / 2 + 7],
    ['a value', (size: number) => size - 2],
  ])(
    'tells damage of %s from a torn tail: it is never served, never cut away',
    async (_what, place) => {
      const { root, path } = await damagedAt(place)
      const { size } = await stat(path)
      const copy = (await openAt(root)).find(topic, first)
      const read = copy?.read({ offset: at(1), maxBytes: 1, end: at(2), first: 'whole' })
      await expect(read).rejects.toMatchObject({ code: 'STORAGE_CORRUPT' })
      expect(copy?.isCorrupt).toBe(true)
      const before = await copy?.read({
        offset: at(0),
        maxBytes: 1_000,
        end: at(2),
        first: 'whole',
      })
      expect(before?.nextOffset).toBe(1)
      expect((await stat(path)).size).toBe(size)
    },
  )

  it('finds damage of what nobody reads, in its own time', async () => {
    const { root } = await damagedAt((size) => size - 2)
    const timers: (() => void)[] = []
    const clock: typeof systemClock = {
      now: () => systemClock.now(),
      monotonicMs: () => systemClock.monotonicMs(),
      setTimer(_delayMs, callback) {
        timers.push(callback)
        return { cancel: () => undefined }
      },
    }
    const copy = (await openAt(root, { clock })).find(topic, first)
    expect(copy?.isCorrupt).toBe(false)
    for (const due of timers.splice(0)) due()
    await vi.waitFor(() => expect(copy?.isCorrupt).toBe(true))
  })

  it('finds offsets by time in files and in memory', async () => {
    const root = await newRoot()
    const directory = await openAt(root, { tailCacheBytes: 0 })
    const log = await directory.create(topic, first, config)
    for (let index = 0; index < 80; index += 1) {
      await log.append({ batches: batchOf([BIG, 'y'], 1_000 * index), leaderEpoch: epoch0 }).durable
      if (index === 40) await directory.checkpoint()
    }
    await directory.checkpoint()
    await log.append({ batches: batchOf(['z'], 500_000), leaderEpoch: epoch0 }).durable
    expect(await log.offsetForTimestamp(41_500, log.appendedEnd)).toMatchObject({ offset: 84 })
    expect(await log.offsetForTimestamp(0, log.appendedEnd)).toMatchObject({ offset: 0 })
    expect(await log.offsetForTimestamp(100_000, log.appendedEnd)).toMatchObject({ offset: 160 })
    expect(await log.offsetForTimestamp(100_000, at(160))).toBeNull()
    expect(await log.offsetForTimestamp(500_001, log.appendedEnd)).toBeNull()
  })
})

/** A closed directory with two records, of the second of which a byte has changed on the disk. */
async function damagedAt(
  place: (size: number) => number,
): Promise<{ readonly root: string; readonly path: string }> {
  const root = await newRoot()
  const directory = await openAt(root, { tailCacheBytes: 0 })
  const log = await directory.create(topic, first, config)
  await append(log, 'a')
  await append(log, 'b')
  await directory.close()
  const [name = ''] = await readdir(join(root, 'partitions'))
  const path = join(root, 'partitions', name, '00000000000000000000.log')
  const position = place((await stat(path)).size)
  const file = await open(path, 'r+')
  const byte = Buffer.alloc(1)
  await file.read(byte, 0, 1, position)
  await file.write(Buffer.from([byte.readUInt8() ^ 4]), 0, 1, position)
  await file.close()
  return { root, path }
}

function codeOf(action: () => unknown): string | undefined {
  try {
    action()
  } catch (error) {
    return BusError.from(error).code
  }
  return undefined
}

/**
 * Goal: what was acknowledged is there after a crash at any call to the disk, once, in order, and
 * nothing that was durably removed comes back. Method: one script of appends, truncations, trims,
 * deletions and checkpoints runs on a disk that dies at call n and keeps any part of what was not
 * synced; a shadow says which logs are legal afterwards; for every n.
 */
import { type LeaderEpoch, SeededRandom, systemClock } from '@courant/kernel'
import { describe, expect, it } from 'vitest'
import { type LogDirectory, openLogDirectory, type PartitionLog } from '../src/index.ts'
import { CrashStorage } from './crash-storage.ts'
import { at, batchOf, config, first, readAll, topic } from './fixture.ts'

/** Log start and values of a partition; null when it does not exist. */
type Shadow = { readonly start: number; readonly values: readonly string[] } | null

/** What is on the disk for certain, and what one operation under way may have made of it. */
class Model {
  legal: Shadow[] = [null]

  async step(action: Promise<unknown>, next: Shadow): Promise<void> {
    this.legal.push(next)
    await action
    this.legal = [next]
  }
}

describe('a log directory that crashes', () => {
  it.each([1, 2, 3, 4, 5, 6])(
    'keeps what was acknowledged, at every call to the disk (seed %i)',
    async (seed) => {
      const whole = new CrashStorage(Number.POSITIVE_INFINITY)
      await run(whole, new Model(), seed)
      for (let crashAt = 1; crashAt <= whole.calls; crashAt += 1) {
        const storage = new CrashStorage(crashAt)
        const model = new Model()
        await run(storage, model, seed).catch(() => undefined)
        // Then twice more: a recovery that dies is recovered from too.
        const second = storage.afterCrash(seed + crashAt, 1 + (crashAt % 12))
        await openOn(second).catch(() => undefined)
        const third = second.afterCrash(crashAt, Number.POSITIVE_INFINITY)
        await expectLegal(third, model, `seed ${seed}, crash at call ${crashAt}`)
      }
    },
  )
})

async function openOn(storage: CrashStorage): Promise<LogDirectory> {
  return await openLogDirectory({
    storage,
    clock: systemClock,
    random: new SeededRandom(7),
    ringBytes: 128 * 1024,
    freeBytesMin: 0,
    tailCacheBytes: 0,
  })
}

async function run(storage: CrashStorage, model: Model, seed: number): Promise<void> {
  const random = new SeededRandom(seed)
  const directory = await openOn(storage)
  let values: string[] = []
  let start = 0
  let log = await create(directory, model)
  for (let step = 0; step < 40; step += 1) {
    const end = start + values.length
    const die = random.below(12)
    if (die < 6) {
      const added = Array.from({ length: 1 + random.below(3) }, (_, i) =>
        `${step}.${i}`.padEnd(random.below(4_000), 'v'),
      )
      const next = [...values, ...added]
      await model.step(appendTo(log, added), { start, values: next })
      values = next
    } else if (die === 6 && values.length > 0) {
      const boundary = await baseOfBatch(log, start + random.below(values.length))
      if (boundary < start) continue
      const next = values.slice(0, boundary - start)
      await model.step(log.truncateTo(at(boundary)), { start, values: next })
      values = next
    } else if (die === 7 && values.length > 0) {
      log.advanceHighWatermark(log.durableEnd)
      const trimmed = start + random.below(values.length)
      const next = values.slice(trimmed - start)
      await model.step(log.advanceLogStart(at(trimmed)), { start: trimmed, values: next })
      values = next
      start = trimmed
    } else if (die === 8 && random.below(3) === 0) {
      await model.step(directory.delete(topic, first), null)
      log = await create(directory, model)
      values = []
      start = 0
    } else if (die === 9) {
      await log.startEpoch((log.leaderEpoch + 1) as LeaderEpoch)
    } else await directory.checkpoint()
    if (end > 0) expect(await readAll(log)).toEqual(values)
  }
  await directory.close()
}

async function create(directory: LogDirectory, model: Model): Promise<PartitionLog> {
  let log: PartitionLog | null = null
  const created = directory.create(topic, first, { ...config, segmentBytes: 9_000 })
  await model.step(
    created.then((made) => {
      log = made
    }),
    { start: 0, values: [] },
  )
  if (log === null) throw new Error('not created')
  return log
}

async function appendTo(log: PartitionLog, values: string[]): Promise<void> {
  const leaderEpoch = Math.max(0, log.leaderEpoch) as LeaderEpoch
  await log.append({ batches: batchOf(values), leaderEpoch }).durable
}

async function baseOfBatch(log: PartitionLog, offset: number): Promise<number> {
  const end = log.appendedEnd
  const { chunks } = await log.read({ offset: at(offset), maxBytes: 1, end, first: 'whole' })
  return Number(chunks[0]?.readBigInt64BE(0))
}

async function expectLegal(storage: CrashStorage, model: Model, where: string): Promise<void> {
  const directory = await openOn(storage)
  const log = directory.find(topic, first)
  const found: Shadow =
    log === null ? null : { start: log.logStartOffset, values: await readAll(log) }
  expect(model.legal, where).toContainEqual(found)
  if (log !== null) {
    await appendTo(log, ['after'])
    await directory.checkpoint()
    expect(await readAll(log), where).toEqual([...(found?.values ?? []), 'after'])
  }
  await directory.close()
}

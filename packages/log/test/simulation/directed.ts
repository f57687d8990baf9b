/** Histories that random ones seldom come upon: several rare events, one right behind the other. */
import type { LogDirectory, PartitionLog } from '../../src/index.ts'
import { observe } from './observe.ts'
import { encoded, gapAfter } from './producers.ts'
import { liveCycles } from './ring-cycles.ts'
import type { SimDisk } from './sim-disk.ts'
import { NO_FAULT, SimStorage } from './sim-storage.ts'
import { ensure } from './violation.ts'
import { epochOf, findLog, offsetOf, someBatches, TOPIC, World } from './world.ts'

interface DirectedHistory {
  readonly name: string
  readonly run: () => Promise<void>
}

export const directedHistories: readonly DirectedHistory[] = [
  {
    name: 'a sync of the ring fails, the process restarts and goes on, the power fails',
    run: failedSync,
  },
  {
    name: 'a sync of the ring fails, that of the recovery too, then one succeeds, the power fails',
    run: failedSyncTwice,
  },
  {
    name: 'a truncation is written and not synced, the restart dies at any call, the power fails',
    run: cutBeforeSync,
  },
  {
    name: 'a topic is deleted, the process restarts within the day, the ring is wiped in time',
    run: wipedInTime,
  },
  {
    name: 'a topic is deleted while a checkpoint writes it, the cycle of the deletion is damaged',
    run: deletedDuringCheckpoint,
  },
]

/** The kernel shows pages that never reached the disk: recovery must not build upon them. */
async function failedSync(): Promise<void> {
  const world = new World(1)
  await failAppend(world)
  await goOnAndLosePower(world)
}

async function failedSyncTwice(): Promise<void> {
  const world = new World(4)
  await failAppend(world)
  for (let crashAtCall = 1; ; crashAtCall += 1) {
    const storage = new SimStorage(world.disk, 1, { kind: 'failed-sync', atCall: crashAtCall })
    const isOpened = await world.openOn(storage).then(
      () => true,
      () => false,
    )
    stop(world, storage)
    if (isOpened) break
  }
  await goOnAndLosePower(world)
}

/** Several cycles are durable; the newest is in the page cache and not on the disk. */
async function failAppend(world: World): Promise<void> {
  const { storage, directory } = await start(world)
  const log = await create(world, directory)
  for (let count = 0; count < 3; count += 1) await append(world, log)
  storage.atNextSync('failed-sync')
  const outcome = await append(world, log).then(
    () => 'acknowledged',
    () => 'refused',
  )
  ensure(outcome === 'refused', 'an append whose sync failed is not acknowledged')
  await directory.close()
  world.clock.cancelAll()
}

async function goOnAndLosePower(world: World): Promise<void> {
  const before = await start(world)
  const shown = requireLog(before.directory)
  await append(world, shown)
  const { appendedEnd } = shown
  stop(world, before.storage)
  world.disk = world.disk.strictPowerCut()
  const after = await start(world)
  ensure((await observe(requireLog(after.directory))).end === appendedEnd, 'records are lost')
  stop(world, after.storage)
}

/** Files may lose only what entries remove that are on the disk for certain. */
async function cutBeforeSync(): Promise<void> {
  for (let crashAtCall = 1; ; crashAtCall += 1) {
    const world = new World(2)
    const first = await start(world)
    const log = await create(world, first.directory)
    for (let count = 0; count < 10; count += 1) await append(world, log)
    await first.directory.checkpoint()
    const { appendedEnd } = log
    first.storage.atNextSync('crash-at-sync')
    await log.truncateTo(offsetOf(1)).catch(() => undefined)
    world.clock.cancelAll()
    const second = new SimStorage(world.disk, 1, { kind: 'crash', atCall: crashAtCall })
    const isOpened = await world.openOn(second).then(
      () => true,
      () => false,
    )
    stop(world, second)
    world.disk = world.disk.strictPowerCut()
    const third = await start(world)
    const { end } = await observe(requireLog(third.directory))
    ensure(end === appendedEnd || end < appendedEnd, 'the log has grown')
    stop(world, third.storage)
    if (isOpened) return
  }
}

/** When the ring must be free of what was deleted is not put off by a restart. */
async function wipedInTime(): Promise<void> {
  const world = new World(3)
  const first = await start(world)
  const log = await create(world, first.directory)
  const { bytes } = someBatches(world, 0, 0)
  await log.append({ batches: bytes, leaderEpoch: epochOf(0) }).durable
  await first.directory.delete(TOPIC, log.partition)
  await first.directory.close()
  world.clock.cancelAll()
  const records = bytes.subarray(61)
  ensure(ringOf(world.disk).includes(records), 'the ring still has what was deleted')
  world.clock.advance(8 * 3_600_000)
  const second = await start(world)
  world.clock.advance(4 * 3_600_000)
  for (let turn = 0; turn < 100_000 && world.clock.timers === 0; turn += 1) await null
  ensure(!ringOf(world.disk).includes(records), 'what was deleted is still in the ring')
  await second.directory.close()
}

/** A state of before the deletion is exact, or there is none: the deletion may yet be lost. */
async function deletedDuringCheckpoint(): Promise<void> {
  const sent = { producerId: 3, epoch: 0, sequence: 0, records: 1 }
  let broughtBack = 0
  for (let turns = 0; turns < 60; turns += 1) {
    const world = new World(5)
    const first = await start(world)
    const log = await create(world, first.directory)
    const batches = encoded(sent, world.clock.now())
    await log.append({ batches, leaderEpoch: epochOf(0) }).durable
    const checkpoint = first.directory.checkpoint()
    for (let turn = 0; turn < turns; turn += 1) await null
    await Promise.all([checkpoint, first.directory.delete(TOPIC, log.partition)])
    stop(world, first.storage)
    const newest = (await liveCycles(world.disk)).at(-1)
    if (newest !== undefined) world.disk.flipBit('ring', newest.position, 0)
    const second = await start(world)
    const found = findLog(second.directory, 0)
    if (found !== null) {
      broughtBack += 1
      const said = (await observe(found)).judge(gapAfter(sent))
      ensure(said === 'OUT_OF_ORDER_SEQUENCE_NUMBER', () => `a producer is forgotten: ${said}`)
    }
    stop(world, second.storage)
  }
  ensure(broughtBack > 0, 'no deletion was lost')
}

function ringOf(disk: SimDisk): Buffer {
  return disk.names.get('ring')?.current ?? Buffer.alloc(0)
}

async function start(world: World): Promise<{ storage: SimStorage; directory: LogDirectory }> {
  const storage = new SimStorage(world.disk, 1, NO_FAULT)
  return { storage, directory: await world.openOn(storage) }
}

function stop(world: World, storage: SimStorage): void {
  storage.kill()
  world.clock.cancelAll()
}

async function create(world: World, directory: LogDirectory): Promise<PartitionLog> {
  return await directory.create(TOPIC, 0 as PartitionLog['partition'], world.config)
}

function requireLog(directory: LogDirectory): PartitionLog {
  const log = findLog(directory, 0)
  ensure(log !== null, 'the partition is lost')
  return log as PartitionLog
}

async function append(world: World, log: PartitionLog): Promise<void> {
  const { bytes } = someBatches(world, 0, 0)
  await log.append({ batches: bytes, leaderEpoch: epochOf(0) }).durable
}

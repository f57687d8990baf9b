/** One flipped bit on a copy of the disk, and what the engine may make of it. */
import { BusError, SeededRandom } from '@courant/kernel'
import { type LogDirectory, RingCorruptError } from '../../src/index.ts'
import { REGION_START } from '../../src/ring/ring-layout.ts'
import { checkQueries, fits, type Observed, observe } from './observe.ts'
import { liveCycles } from './ring-cycles.ts'
import { type Image, trimmed } from './shadow.ts'
import type { SimDisk } from './sim-disk.ts'
import { NO_FAULT, SimStorage } from './sim-storage.ts'
import { ensure, Violation } from './violation.ts'
import { findLog, offsetOf, PARTITIONS, someBatches, type World } from './world.ts'

/** What must follow from damage at a place. */
type Expectation =
  /** Nothing is lost and nothing noticed. */
  | 'exact'
  /** Nothing is lost, or the directory says that something is and does not open. */
  | 'exact-or-refused'
  | 'refused'
  /** The newest cycle: damaged or torn, nobody can tell. */
  | 'newest-cycle-lost'
  /** One partition's records: never served wrong, the others exact. */
  | 'quarantined'

interface Target {
  readonly path: string
  readonly position: number
  readonly expectation: Expectation
}

export async function damageAndOpen(world: World): Promise<void> {
  const disk = world.disk.fork()
  const target = await choose(world, disk)
  if (target === null) return
  const bit = world.random.below(8)
  disk.flipBit(target.path, target.position, bit)
  const where = `bit ${bit} of byte ${target.position} of ${target.path}`
  try {
    await examine(world, disk, target)
  } catch (error) {
    throw new Violation(`${where} (${target.expectation}): ${String(error)}`, { cause: error })
  }
}

async function examine(world: World, disk: SimDisk, target: Target): Promise<void> {
  const storage = new SimStorage(disk, 1, NO_FAULT)
  let directory: LogDirectory
  try {
    directory = await world.openOn(storage)
  } catch (error) {
    ensure(error instanceof RingCorruptError, () => `opening fails with ${String(error)}`)
    ensure(storage.openFiles === 0 && !storage.isLocked, 'a failed open lets go of everything')
    const mayRefuse = target.expectation === 'refused' || target.expectation === 'exact-or-refused'
    ensure(mayRefuse, 'the directory does not open')
    return
  }
  ensure(target.expectation !== 'refused', 'lost records are not noticed')
  if (target.expectation === 'quarantined') await checkQuarantine(world, directory, target)
  else await checkLogs(world, directory, target.expectation)
  await directory.close()
}

async function checkLogs(
  world: World,
  directory: LogDirectory,
  expectation: Expectation,
): Promise<void> {
  const { shadow, epochMax } = world
  const found = new Map<number, Observed | null>()
  for (const partition of PARTITIONS) {
    const log = findLog(directory, partition)
    if (log === null) found.set(partition, null)
    else if (expectation !== 'newest-cycle-lost') found.set(partition, await observe(log))
    // What a lost truncation has cut away is missing, and said to be.
    else await observe(log).then((observed) => found.set(partition, observed), damageReported)
  }
  const isLost = expectation === 'newest-cycle-lost'
  const fitsDamaged = (observed: Observed | null, image: Image | null) => {
    // A log start may be newer in a checkpoint than the records are.
    const isNewer = isLost && observed !== null && image !== null && observed.start <= image.end
    return fits(observed, isNewer ? trimmed(image, observed.start) : image, epochMax)
  }
  for (const [partition, observed] of found) {
    // Each for itself: of the newest cycle, a checkpoint may have saved some partitions.
    const fitting = shadow.find(
      (candidate, image) => candidate !== partition || fitsDamaged(observed, image),
      isLost ? 0 : shadow.sequence,
    )
    ensure(fitting !== null, `records of partition ${partition} are lost or wrong`)
  }
  if (isLost) return
  for (const partition of PARTITIONS) {
    const log = findLog(directory, partition)
    const image = shadow.image(partition)
    if (log === null || image === null) continue
    for (const { timestamp } of image.batches) await checkQueries(log, image, timestamp, epochMax)
  }
}

/** The damaged partition fails or is right; the others are right; all go on. */
async function checkQuarantine(
  world: World,
  directory: LogDirectory,
  { path }: Target,
): Promise<void> {
  const { shadow, epochMax } = world
  const random = new SeededRandom(world.random.below(2 ** 32))
  for (const partition of PARTITIONS) {
    const log = findLog(directory, partition)
    const image = shadow.image(partition)
    if (log === null || image === null) {
      ensure(log === image, 'the damage changes which partitions exist')
      continue
    }
    const observed = await observe(log).catch((error) => damageReported(error))
    const isDamaged = path.includes(`-${partition}-`)
    ensure(observed !== null || isDamaged, 'damage reaches another partition')
    ensure(observed === null || fits(observed, image, epochMax), 'wrong records are served')
    if (!isDamaged) continue
    const { leaderEpoch } = log
    const batches = someBatches({ random, clock: world.clock } as World, 0, 0).bytes
    await log.append({ batches, leaderEpoch: leaderEpoch < 0 ? (0 as never) : leaderEpoch }).durable
    const span = log.appendedEnd - log.logStartOffset
    const offset = offsetOf(log.logStartOffset + random.below(span))
    await log.truncateTo(offset).catch((error) => damageReported(error))
  }
  await directory.checkpoint()
  ensure(directory.metrics().state === 'online', 'damage of one partition stops the directory')
}

function damageReported(error: unknown): null {
  const isReport =
    error instanceof BusError &&
    (error.code === 'STORAGE_CORRUPT' || error.code === 'CORRUPT_MESSAGE')
  ensure(isReport, () => `damage is reported as ${String(error)}`)
  return null
}

async function choose(world: World, disk: SimDisk): Promise<Target | null> {
  const { random } = world
  const kind = world.pick([
    'ring',
    'ring',
    'ring',
    'superblock',
    'checkpoints',
    'segment',
    'segment',
    'index',
  ] as const)
  if (kind === 'ring') return await inRing(world, disk)
  if (kind === 'superblock') return anywhere(world, disk, ['ring'], 'exact', REGION_START)
  const suffix = { checkpoints: 'checkpoints', segment: '.log', index: '.index' }[kind]
  const paths = [...disk.names.keys()].filter((path) => path.endsWith(suffix))
  const expectation = (
    { checkpoints: 'exact-or-refused', segment: 'quarantined', index: 'exact' } as const
  )[kind]
  const target = anywhere(world, disk, paths, expectation)
  // Most bytes of a small file are in headers; a segment's are not.
  if (target === null || kind !== 'segment' || random.below(2) === 0) return target
  return { ...target, position: random.below(Math.min(17, target.position + 1)) }
}

function anywhere(
  world: World,
  disk: SimDisk,
  paths: readonly string[],
  expectation: Expectation,
  within: number = Number.MAX_SAFE_INTEGER,
): Target | null {
  if (paths.length === 0) return null
  const path = world.pick(paths)
  const size = disk.names.get(path)?.current.length ?? 0
  if (size === 0) return null
  return { path, position: world.random.below(Math.min(size, within)), expectation }
}

/** A byte of a live cycle, or of the free part of the ring. */
async function inRing(world: World, disk: SimDisk): Promise<Target | null> {
  const cycles = await liveCycles(disk)
  if (cycles.length === 0) return anywhere(world, disk, ['ring'], 'exact')
  const index = world.random.below(cycles.length)
  const cycle = cycles[index]
  if (cycle === undefined) return null
  const position = cycle.position + world.random.below(cycle.bytes)
  const expectation = index === cycles.length - 1 ? 'newest-cycle-lost' : 'refused'
  return { path: 'ring', position, expectation }
}

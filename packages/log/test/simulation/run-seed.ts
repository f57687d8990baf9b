import type { LogDirectory } from '../../src/index.ts'
import { Life } from './life.ts'
import { fits, type Observed, observe } from './observe.ts'
import { producerProblem } from './producers.ts'
import { type Fault, NO_FAULT, SimStorage } from './sim-storage.ts'
import { ensure, Violation } from './violation.ts'
import { findLog, PARTITIONS, World } from './world.ts'

export interface SeedOptions {
  /** Lives of the process, each with its own end. */
  readonly lives: number
  /** Operations of a life that nothing ends before. */
  readonly steps: number
  /** When given, the first life dies at this call to the disk and no other by chance. */
  readonly crashAtCall?: number
}

/** Runs a whole history. Returns a digest of every call to the disk; throws Violation. */
export async function runSeed(seed: number, options: SeedOptions): Promise<SeedResult> {
  const world = new World(seed)
  let firstCalls = 0
  let isAftermath = false
  for (let life = 0; life < options.lives; life += 1) {
    const isLast = life === options.lives - 1
    const storage = new SimStorage(
      world.disk,
      world.random.below(2 ** 32),
      isLast || isAftermath ? NO_FAULT : chooseFault(world, life, options),
    )
    await liveOnce(world, storage, isLast || isAftermath ? 5 : stepsOf(world, options))
    if (life === 0) firstCalls = storage.calls
    world.trace = (Math.imul(world.trace, 31) + storage.trace) >>> 0
    const wasAftermath: boolean = isAftermath
    isAftermath = !wasAftermath && followsFailedSync(world, storage)
    const isPowerCut = wasAftermath || (!isAftermath && world.random.below(2) === 0)
    if (isPowerCut) world.disk = world.disk.powerCut(world.random)
  }
  return { trace: world.trace, firstCalls }
}

export interface SeedResult {
  readonly trace: number
  /** Calls to the disk in the first life. */
  readonly firstCalls: number
}

/**
 * A sync of the ring has failed, so the kernel shows pages that are on no disk: the next process
 * reads them, goes on for a short while, and then the power fails.
 */
function followsFailedSync({ random }: World, { failure }: SimStorage): boolean {
  return failure?.what === 'sync' && failure.path === 'ring' && random.below(3) > 0
}

/** Many die young: what recovery did must hold before a checkpoint has made up for it. */
function stepsOf({ random }: World, { steps }: SeedOptions): number {
  return random.below(3) === 0 ? 1 + random.below(8) : steps
}

function chooseFault(world: World, life: number, options: SeedOptions): Fault {
  const { random } = world
  if (options.crashAtCall !== undefined) {
    return life === 0 ? { kind: 'crash', atCall: options.crashAtCall } : NO_FAULT
  }
  const kind = world.pick(['none', 'io-error', 'failed-sync', 'crash', 'crash'] as const)
  if (kind === 'none') return NO_FAULT
  const atCall = 1 + random.below(random.below(3) === 0 ? 40 : 600)
  return { kind, atCall }
}

async function liveOnce(world: World, storage: SimStorage, steps: number): Promise<void> {
  world.disk.freeBytes = 1e12
  let offline = 0
  let directory: LogDirectory
  try {
    directory = await world.openOn(storage, () => {
      offline += 1
    })
  } catch (error) {
    ensure(storage.hasFailed, () => `opening fails with ${String(error)}`)
    ensure(storage.openFiles === 0 && !storage.isLocked, 'a failed open lets go of everything')
    return
  }
  storage.isOpen = true
  if (!(await isRecovered(world, directory, storage))) return
  for (const partition of PARTITIONS) findLog(directory, partition)?.configure(world.config)
  const life = new Life(world, directory, storage)
  const isAlive = await life.run(steps)
  if (storage.isDead) return world.clock.cancelAll()
  if (isAlive && world.random.below(3) > 0) {
    storage.kill()
    return world.clock.cancelAll()
  }
  await directory.close()
  world.clock.cancelAll()
  ensure(!storage.isLocked, 'a closed directory is not held')
  ensure(storage.openFiles === 0, () => `${storage.openFiles} files are open after the close`)
  const mustBeOffline = !isAlive && storage.failure?.what === 'sync'
  ensure(
    offline <= 1 && (offline === 1 || !mustBeOffline),
    `a failed disk is offline ${offline} times`,
  )
  if (!storage.hasFailed) await life.settle()
}

/** Compares what was recovered with what was promised. False when the disk failed meanwhile. */
async function isRecovered(
  world: World,
  directory: LogDirectory,
  storage: SimStorage,
): Promise<boolean> {
  const found = new Map<number, Observed | null>()
  try {
    for (const partition of PARTITIONS) {
      const log = findLog(directory, partition)
      found.set(partition, log === null ? null : await observe(log))
    }
  } catch (error) {
    if (!storage.hasFailed) throw error
  }
  if (storage.hasFailed) {
    await directory.close()
    world.clock.cancelAll()
    return false
  }
  try {
    world.shadow.settle((partition, image) => {
      return fits(found.get(partition) ?? null, image, world.epochMax)
    })
  } catch (error) {
    const facts = PARTITIONS.map((partition) => {
      const { start, end, epoch, judge } = found.get(partition) ?? {}
      const image = world.shadow.image(partition)
      const now = world.clock.now()
      const problem = judge && image && producerProblem(judge, image.producers, now)
      return (
        `${partition}: [${start}, ${end}) epoch ${epoch}, was [${image?.start}, ${image?.end})` +
        (problem ? ` and ${problem}` : '')
      )
    })
    throw new Violation(`${String(error)}: ${facts.join('; ')}`, { cause: error })
  }
  return true
}

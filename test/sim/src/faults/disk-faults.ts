import { liveCycles } from '@courant/log/simulation/ring-cycles'
import type { Machine } from '../machine/machine.ts'
import { damageOne } from './damage.ts'
import { duration, type Fault, type FaultContext, pickFrom } from './fault.ts'

/** A sync fails: the directory is offline, and an operator starts the broker again. */
export const failSync: Fault = async (context) => {
  const { cluster, random, note, wait } = context
  const node = pickFrom(random, cluster.brokers)
  await damageOne(context, node, async () => {
    note(`the next sync of ${node.machine.host} fails`)
    node.machine.storage?.atNextSync('failed-sync')
    await wait(duration(random, 500, 10_000))
    node.crash('killed')
    await wait(duration(random, 100, 2_000))
    node.start()
  })
}

/** The disk is replaced by an empty one: what was on it has to come from the others. */
export const loseDisk: Fault = async (context) => {
  const { cluster, random, note, wait } = context
  const node = pickFrom(random, cluster.brokers)
  await damageOne(context, node, async () => {
    note(`the disk of ${node.machine.host} is lost`)
    node.crash('killed')
    node.loseDisk()
    await wait(duration(random, 100, 10_000))
    node.start()
  })
}

/**
 * A bit of a file is flipped, and nobody is told. Another disk is damaged only when this one is not
 * any more: what was damaged has been written anew, deleted, or replaced with its disk.
 */
export const flipBit: Fault = async (context) => {
  const { cluster, random, note, wait } = context
  const node = pickFrom(random, cluster.brokers)
  await damageOne(context, node, async () => {
    const place = await choosePlace(random, node.machine)
    if (place === null) return
    const { path, position } = place
    const bit = random.below(8)
    note(`bit ${bit} of byte ${position} of ${path} of ${node.machine.host} is flipped`)
    const byteOf = (): number | undefined => node.machine.disk.names.get(path)?.current.at(position)
    node.isDamaged = true
    node.machine.disk.flipBit(path, position, bit)
    const flipped = byteOf()
    if (random.below(2) === 0) {
      node.crash('killed')
      await wait(duration(random, 100, 2_000))
      node.start()
    }
    while (byteOf() === flipped && (await wait(DAMAGE_STEP_MS)));
  })
}

const DAMAGE_STEP_MS = 500

interface Place {
  readonly path: string
  readonly position: number
}

const DAMAGED_FILES = [
  '.log',
  '.log',
  '.log',
  '.log',
  '.index',
  'ring',
  'checkpoints',
  'meta.properties',
]

async function choosePlace(
  random: FaultContext['random'],
  { disk }: Machine,
): Promise<Place | null> {
  const suffix = pickFrom(random, DAMAGED_FILES)
  const paths = [...disk.names.keys()].filter((path) => path.endsWith(suffix))
  if (paths.length === 0) return null
  if (suffix === 'ring') return placeInRing(random, await liveCycles(disk))
  const path = pickFrom(random, paths)
  const inode = disk.names.get(path)
  const size = Math.min(inode?.current.length ?? 0, inode?.synced.length ?? 0)
  return size === 0 ? null : { path, position: random.below(size) }
}

/**
 * Not of the two newest cycles: damage of the newest cannot be told from a torn write (D6 rule 1),
 * and the one before it is the newest again when the power fails now.
 */
function placeInRing(
  random: FaultContext['random'],
  cycles: Awaited<ReturnType<typeof liveCycles>>,
): Place | null {
  const known = cycles.slice(0, -2)
  if (known.length === 0) return null
  const { position, bytes } = pickFrom(random, known)
  return { path: 'ring', position: position + random.below(bytes) }
}

/** Syncs take seconds. */
export const slowSyncs: Fault = async ({ cluster, random, note, wait }) => {
  const { machine } = pickFrom(random, cluster.brokers)
  const extraMs = duration(random, 50, 5_000)
  const ms = duration(random, 500, 10_000)
  note(`syncs of ${machine.host} take ${extraMs} ms more for ${ms} ms`)
  machine.slowSyncs(extraMs)
  await wait(ms)
  machine.slowSyncs(0)
}

/** No room is left: the broker refuses what clients write. */
export const fillDisk: Fault = async ({ cluster, random, note, wait }) => {
  const { machine } = pickFrom(random, cluster.brokers)
  const ms = duration(random, 500, 10_000)
  note(`the disk of ${machine.host} is full for ${ms} ms`)
  const { disk } = machine
  const { freeBytes } = disk
  disk.freeBytes = 0
  await wait(ms)
  machine.disk.freeBytes = freeBytes
}

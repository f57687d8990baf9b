import { damageOne } from './damage.ts'
import { duration, type Fault, pickFrom } from './fault.ts'

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

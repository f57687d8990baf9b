import { duration, type Fault, pickFrom } from './fault.ts'

/** A sync fails: the directory is offline, and an operator starts the broker again. */
export const failSync: Fault = async ({ cluster, random, note, wait }) => {
  const node = pickFrom(random, cluster.brokers)
  const { storage, host } = node.machine
  if (node.broker === null || storage === null) return
  // One at a time: as many may fail as the minimum of in-sync replicas tolerates.
  const isBeside = cluster.brokers.some(({ machine }) => machine.storage?.hasFailed === true)
  if (isBeside) return
  note(`the next sync of ${host} fails`)
  storage.atNextSync('failed-sync')
  await wait(duration(random, 500, 10_000))
  node.crash('killed')
  await wait(duration(random, 100, 2_000))
  node.start()
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

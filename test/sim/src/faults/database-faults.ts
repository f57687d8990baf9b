import { copyOf } from '@courant/control-plane/model'
import { ensure } from '../checks/violation.ts'
import type { SimCluster } from '../cluster/sim-cluster.ts'
import { DATABASE_HOST } from '../control-plane/sim-database.ts'
import { duration, type Fault } from './fault.ts'

/** PostgreSQL is stopped and started: every connection breaks. */
export const stopDatabase: Fault = async ({ cluster, random, note, wait }) => {
  const ms = duration(random, 100, 20_000)
  note(`the database is away for ${ms} ms`)
  cluster.database.stop()
  await wait(ms)
  cluster.database.start()
}

export const slowDatabase: Fault = async ({ cluster, random, note, wait }) => {
  const extraMs = duration(random, 50, 4_000)
  const ms = duration(random, 500, 15_000)
  note(`transactions take ${extraMs} ms more for ${ms} ms`)
  cluster.database.slowDown(extraMs)
  await wait(ms)
  cluster.database.slowDown(0)
}

/** Everything is committed, and nobody hears of it: neither who has asked nor who follows. */
export const muteDatabase: Fault = async ({ cluster, random, note, wait }) => {
  const ms = duration(random, 500, 15_000)
  note(`nobody hears the database for ${ms} ms`)
  const others = cluster.hosts.filter((host) => host !== DATABASE_HOST)
  for (const host of others) cluster.links.block(DATABASE_HOST, host)
  await wait(ms)
  for (const host of others) cluster.links.unblock(DATABASE_HOST, host)
}

/** Its clock is set: sessions seem to end at once, or never. */
export const jumpClock: Fault = async ({ cluster, random, note }) => {
  // Set back, it keeps sessions of processes that are gone for as long: that is not what is tested.
  const ms =
    random.below(2) === 0 ? duration(random, 1_000, 3_600_000) : -duration(random, 100, 3_000)
  note(`the clock of the database jumps by ${ms} ms`)
  cluster.database.jump(ms)
}

/**
 * An old backup is restored while control planes and brokers run, and the right database put back
 * after a while. Nothing may be decided meanwhile: brokers, gateways and control planes that have
 * seen a newer version tell it before anybody who has not can decide (B1.2). Brokers have to
 * have noted it, and one of them has to be heard within a session.
 */
export const rollBackDatabase: Fault = async ({ cluster, random, note, wait }) => {
  const { database } = cluster
  const backup = copyOf(database.state)
  const ageMs = duration(random, 100, 15_000)
  await wait(ageMs)
  while (!isSeen(cluster)) if (!(await wait(STEP_MS))) return
  // One at a time; and where nothing has changed since, nobody can see a difference.
  if (database.isRolledBack || versionOf(backup) === database.metadataVersion) return
  const ms = duration(random, 1_000, 20_000)
  note(`the database is that of version ${versionOf(backup)} for ${ms} ms`)
  database.rollBack(backup)
  await wait(ms)
  const { metadataVersion } = database
  note('the right database is back')
  database.rollForward()
  ensure(
    metadataVersion === versionOf(backup),
    () => `version ${metadataVersion} was decided on a database that had gone back`,
  )
}

const STEP_MS = 50

function isSeen({ brokers, database }: SimCluster): boolean {
  return brokers.every(({ seenVersion }) => seenVersion === database.metadataVersion)
}

function versionOf({ meta }: ReturnType<typeof copyOf>): number {
  const [row] = [...meta.values()]
  return row?.metadataVersion ?? 0
}

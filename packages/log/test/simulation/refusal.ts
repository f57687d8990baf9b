import { BusError } from '@courant/kernel'
import type { PartitionLog } from '../../src/index.ts'
import { epochOf, someBatches, type World } from './world.ts'

/** The code of the error that an attempt ends with, or `accepted`. */
export async function refusal(attempt: () => Promise<unknown>): Promise<string> {
  try {
    await attempt()
    return 'accepted'
  } catch (error) {
    return error instanceof BusError ? error.code : String(error)
  }
}

/** What a change of the log ends with that should have been refused as BUSY; null when none is. */
export async function acceptedChange(log: PartitionLog, world: World): Promise<string | null> {
  const { bytes } = someBatches(world, 0, 0)
  const changes = [
    () => Promise.resolve(log.append({ batches: bytes, leaderEpoch: log.leaderEpoch })),
    () => log.startEpoch(epochOf(log.leaderEpoch + 1)),
  ]
  const codes = await Promise.all(changes.map((change) => refusal(change)))
  return codes.find((code) => code !== 'BUSY') ?? null
}

import type { LeaseRows } from '@courant/control-plane/groups'
import { GROUP_SHARDS } from '@courant/group'
import type { SimProcess } from '../../src/machine/sim-process.ts'
import { NO_LOCKS, type SimDatabase } from './sim-database.ts'

/** As `control-plane-lease.ts` and `shard-rows.ts` have it in SQL. */
export function simLeaseRows(database: SimDatabase, process: SimProcess): LeaseRows {
  const { tables } = database
  const { controlPlanes, shards } = tables
  const run = <T>(apply: () => T): Promise<T> => database.run(process, NO_LOCKS, apply)
  const ownedBy = (instanceId: string) =>
    shards.flatMap(({ owner, epoch }, shard) => (owner === instanceId ? [{ shard, epoch }] : []))
  const end = (instanceId: string): void => {
    controlPlanes.delete(instanceId)
  }

  const take = (instanceId: string, count: number): void => {
    let missing = count
    for (let shard = 0; shard < GROUP_SHARDS && missing > 0; shard += 1) {
      const row = shards[shard]
      if (row === undefined || controlPlanes.has(row.owner ?? '')) continue
      if (database.isShardLocked(shard)) continue
      shards[shard] = { owner: instanceId, epoch: row.epoch + 1 }
      missing -= 1
    }
  }

  return {
    register: ({ instanceId, address, leaseMs, replaces }) =>
      run(() => {
        for (const [id, row] of controlPlanes) {
          if (
            id !== instanceId &&
            (replaces === null ? row.address === address : id === replaces)
          ) {
            end(id)
          }
        }
        if (!controlPlanes.has(instanceId)) {
          const expiresAtMs = database.nowMs + leaseMs
          controlPlanes.set(instanceId, { address, expiresAtMs, renewals: 0 })
        }
        return { instanceId, renewals: 0 }
      }),
    renew: ({ instanceId, renewals }, leaseMs) =>
      run(() => {
        const row = controlPlanes.get(instanceId)
        if (row === undefined || row.renewals < renewals) return null
        if (row.expiresAtMs <= database.nowMs) return null
        const renewed = {
          ...row,
          expiresAtMs: database.nowMs + leaseMs,
          renewals: row.renewals + 1,
        }
        controlPlanes.set(instanceId, renewed)
        return { instanceId, renewals: renewed.renewals }
      }),
    balance: (instanceId) =>
      run(() => {
        for (const [id, { expiresAtMs }] of controlPlanes) {
          if (expiresAtMs <= database.nowMs) end(id)
        }
        const ranked = [...controlPlanes.keys()].sort()
        const rank = ranked.indexOf(instanceId)
        if (rank < 0) return null
        const extra = rank < GROUP_SHARDS % ranked.length ? 1 : 0
        const share = Math.floor(GROUP_SHARDS / ranked.length) + extra
        take(instanceId, share - ownedBy(instanceId).length)
        return { share, owned: ownedBy(instanceId) }
      }),
    release: (instanceId, given) =>
      run(() => {
        for (const shard of given) {
          const row = shards[shard]
          if (row?.owner === instanceId) shards[shard] = { ...row, owner: null }
        }
      }),
    unregister: (instanceId) => run(() => end(instanceId)),
  }
}

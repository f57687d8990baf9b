/** The rows that say which control plane lives and has which shards. */
import type { Database } from '../../database/database.ts'
import { type NewRegistration, type Registration, register, renew } from './control-plane-lease.ts'
import { type Balance, balanceShards, releaseShards, unregister } from './shard-rows.ts'

/** Each call is one transaction that may be done again. */
export interface LeaseRows {
  register(registration: NewRegistration): Promise<Registration>
  renew(registration: Registration, leaseMs: number): Promise<Registration | null>
  balance(instanceId: string): Promise<Balance | null>
  release(instanceId: string, shards: readonly number[]): Promise<void>
  unregister(instanceId: string): Promise<void>
}

export function postgresLeaseRows(database: Database): LeaseRows {
  return {
    register: (registration) => register(database, registration),
    renew: (registration, leaseMs) => renew(database, registration, leaseMs),
    balance: (instanceId) => balanceShards(database, instanceId),
    release: (instanceId, shards) => releaseShards(database, instanceId, shards),
    unregister: (instanceId) => unregister(database, instanceId),
  }
}

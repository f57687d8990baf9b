import type { BrokerId, BusError, Clock } from '@courant/kernel'
import type { LogDirectory } from '@courant/log'
import type { BrokerRegistry, LagLimit } from '@courant/replication'
import type { KeySampling } from '../keys/key-sampling.ts'
import type { Partition } from './partition.ts'
import type { Traffic } from './traffic.ts'

/** What the partitions of a broker share. */
export interface PartitionHost {
  readonly directory: LogDirectory
  readonly clock: Clock
  readonly traffic: Traffic
  readonly keySampling: KeySampling
  readonly brokerId: BrokerId
  readonly brokers: BrokerRegistry
  readonly lagMaxMs: number
  /** A leader's in-sync replicas may have to change. */
  readonly onReplicasChanged: (partition: Partition) => void
  /** A follower cannot go on, or not at once. */
  readonly onReplicaFailed: (partition: Partition, error: BusError) => void
}

export function lagLimit({ clock, lagMaxMs }: PartitionHost): LagLimit {
  return { nowMs: clock.monotonicMs(), lagMaxMs }
}

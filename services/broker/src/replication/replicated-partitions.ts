import type { BrokerId, Clock, Network, Random } from '@courant/kernel'
import type { LogDirectory } from '@courant/log'
import type { MetadataCopy } from '@courant/metadata'
import type { Logger } from '@courant/service-kit'
import type { ControlPlaneLink } from '../control-plane/control-plane-link.ts'
import type { KeySampling } from '../keys/key-sampling.ts'
import { PartitionRegistry } from '../partition/partition-registry.ts'
import type { Traffic } from '../partition/traffic.ts'
import { DamagedReplicas } from './damaged-replicas.ts'
import { IsrAlterations } from './isr-alterations.ts'
import { ReplicaFetchers } from './replica-fetchers.ts'
import { ReplicaWatch } from './replica-watch.ts'

export interface ReplicatedPartitionsParts {
  readonly network: Network
  readonly clock: Clock
  readonly random: Random
  readonly log: Logger
  readonly link: ControlPlaneLink
  readonly traffic: Traffic
  readonly keySampling: KeySampling
  readonly directory: LogDirectory
  readonly metadata: MetadataCopy
  readonly brokerId: BrokerId
  /** Of this broker's registration; null while there is none. */
  readonly brokerEpoch: () => number | null
  readonly lagMaxMs: number
}

/** The partitions of a broker, and what keeps their replicas the same. */
export interface ReplicatedPartitions {
  readonly partitions: PartitionRegistry
  readonly watch: ReplicaWatch
}

export function replicatePartitions(parts: ReplicatedPartitionsParts): ReplicatedPartitions {
  const { metadata } = parts
  const alterations = new IsrAlterations(parts)
  const fetchers = new ReplicaFetchers({ ...parts, partitions: () => partitions })
  const partitions: PartitionRegistry = new PartitionRegistry({
    ...parts,
    fetchers,
    brokers: {
      epochOf: (broker) => metadata.broker(broker)?.brokerEpoch ?? null,
      isActive: (broker) => metadata.broker(broker)?.state === 'active',
    },
    onReplicasChanged: (partition) => alterations.consider(partition),
    onReplicaFailed: ({ topicId, index }, error) =>
      parts.log.error({ err: error, topicId, partition: index }, 'a replica cannot follow'),
  })
  const damaged = new DamagedReplicas({ ...parts, partitions })
  return { partitions, watch: new ReplicaWatch({ ...parts, partitions, alterations, damaged }) }
}

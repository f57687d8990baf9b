import type { BrokerConnection } from '@courant/kafka-protocol'
import {
  type BrokerId,
  BusError,
  type PartitionIndex,
  partitionIndex,
  type TopicId,
} from '@courant/kernel'
import type { Partition } from '@courant/metadata'
import type { BrokerPool } from './broker-pool.ts'

/** What the routing needs of the metadata copy. */
export interface PartitionsById {
  partition(topic: TopicId, index: PartitionIndex): Partition | null
}

/**
 * From a partition to the connection to its leader, by what the metadata copy says at this moment.
 */
export class Leaders {
  readonly #partitions: PartitionsById
  readonly #pool: BrokerPool

  constructor(partitions: PartitionsById, pool: BrokerPool) {
    this.#partitions = partitions
    this.#pool = pool
  }

  leader(topic: TopicId, partition: number): BrokerId | null {
    return this.#find(topic, partition)?.leader ?? null
  }

  /**
   * The partition's epoch as we know it: a broker that knows better refuses instead of guessing.
   */
  leaderEpoch(topic: TopicId, partition: number): number {
    return this.#find(topic, partition)?.leaderEpoch ?? -1
  }

  /** Throws NOT_LEADER without a leader and BROKER_UNAVAILABLE when it cannot be reached. */
  connection(topic: TopicId, partition: number): BrokerConnection | Promise<BrokerConnection> {
    const { leader } = this.#known(topic, partition)
    if (leader === null) throw new BusError('NOT_LEADER', 'The partition has no leader now.')
    return this.#pool.openConnection(leader) ?? this.#pool.connection(leader)
  }

  #known(topic: TopicId, partition: number): Partition {
    const found = this.#find(topic, partition)
    if (found !== null) return found
    throw new BusError('TOPIC_NOT_FOUND', 'The topic was deleted.')
  }

  #find(topic: TopicId, partition: number): Partition | null {
    return this.#partitions.partition(topic, partitionIndex(partition))
  }
}

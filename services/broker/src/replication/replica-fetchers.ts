import type { BrokerId } from '@courant/kernel'
import type { MetadataCopy } from '@courant/metadata'
import type { Partition } from '../partition/partition.ts'
import type { ReplicaFollower } from '../partition/partition-registry.ts'
import type { Replica } from '../partition/replica.ts'
import { ReassignmentThrottle } from './reassignment-throttle.ts'
import { ReplicaFetcher, type ReplicaFetcherParts } from './replica-fetcher.ts'

export interface ReplicaFetchersParts extends Omit<ReplicaFetcherParts, 'throttle'> {
  readonly brokerId: BrokerId
  /** Of this broker's registration; null while there is none. */
  readonly brokerEpoch: () => number | null
  readonly metadata: MetadataCopy
}

/** Who fetches from which leader: one fetcher for each, begun anew where a leader has moved. */
export class ReplicaFetchers implements ReplicaFollower {
  readonly #parts: ReplicaFetchersParts
  readonly #throttle: ReassignmentThrottle
  readonly #fetchers = new Map<BrokerId, ReplicaFetcher>()
  readonly #replicas = new Map<Partition, Replica>()

  constructor(parts: ReplicaFetchersParts) {
    this.#parts = parts
    this.#throttle = new ReassignmentThrottle(parts)
    parts.metadata.onChange((events) => {
      for (const event of events) if (event.kind === 'broker') this.#moved(event.broker.brokerId)
    })
  }

  follow(partition: Partition, replica: Replica): void {
    this.unfollow(partition)
    this.#replicas.set(partition, replica)
    this.#fetcherOf(replica.term.leader)?.add(partition, replica)
  }

  unfollow(partition: Partition): void {
    const replica = this.#replicas.get(partition)
    if (replica === undefined) return
    this.#replicas.delete(partition)
    const fetcher = this.#fetchers.get(replica.term.leader)
    fetcher?.remove(partition)
    if (fetcher?.isIdle) this.#stop(fetcher)
  }

  stopAll(): void {
    this.#replicas.clear()
    for (const fetcher of this.#fetchers.values()) fetcher.stop()
    this.#fetchers.clear()
    this.#throttle.forgetAll()
  }

  #fetcherOf(leader: BrokerId): ReplicaFetcher | null {
    const known = this.#fetchers.get(leader)
    if (known !== undefined) return known
    const { brokerId, metadata } = this.#parts
    const broker = metadata.broker(leader)
    const brokerEpoch = this.#parts.brokerEpoch()
    if (broker === null || brokerEpoch === null) return null
    const address = { host: broker.host, port: broker.port }
    const self = { brokerId, brokerEpoch }
    const parts = { ...this.#parts, throttle: this.#throttle }
    const fetcher = new ReplicaFetcher(parts, { brokerId: leader, address }, self)
    this.#fetchers.set(leader, fetcher)
    return fetcher
  }

  /** A broker has registered anew, perhaps at another address. */
  #moved(leader: BrokerId): void {
    const broker = this.#parts.metadata.broker(leader)
    const fetcher = this.#fetchers.get(leader)
    if (broker === null || fetcher === undefined) return
    const { host, port } = fetcher.leader.address
    if (broker.host === host && broker.port === port) return
    this.#stop(fetcher)
    for (const [partition, replica] of this.#replicas) {
      if (replica.term.leader === leader) this.#fetcherOf(leader)?.add(partition, replica)
    }
  }

  #stop(fetcher: ReplicaFetcher): void {
    fetcher.stop()
    this.#fetchers.delete(fetcher.leader.brokerId)
  }
}

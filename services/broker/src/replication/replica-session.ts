import type { BrokerId } from '@courant/kernel'
import { FollowerSession, type News } from '@courant/replication'
import type { Partition } from '../partition/partition.ts'
import type { ReplicaListener } from '../partition/replica-listeners.ts'

/** A fetch of the session that waits for something to tell. */
export interface WaitingFetch {
  /** There is something to tell. */
  wake(): void
  /** Another fetch has come: this one is answered with what there is. */
  finish(): void
}

/** The leader's end of a fetch session with one follower: what it knows, and which fetch waits. */
export class ReplicaSession implements ReplicaListener<Partition> {
  readonly brokerId: BrokerId
  readonly brokerEpoch: number
  readonly known: FollowerSession<Partition>
  #waiting: WaitingFetch | null = null

  constructor(id: number, brokerId: BrokerId, brokerEpoch: number) {
    this.known = new FollowerSession(id)
    this.brokerId = brokerId
    this.brokerEpoch = brokerEpoch
  }

  ask(partition: Partition, position: Parameters<FollowerSession<Partition>['ask']>[1]): void {
    this.known.ask(partition, position)
    partition.followers.add(this)
  }

  forget(partition: Partition): void {
    this.known.forget(partition)
    partition.followers.remove(this)
  }

  changed(partition: Partition, news: News): void {
    if (this.known.mark(partition, news)) this.#waiting?.wake()
  }

  /** One fetch waits at a time: the one before is answered first. */
  wait(fetch: WaitingFetch): void {
    this.#waiting?.finish()
    this.#waiting = fetch
  }

  done(fetch: WaitingFetch): void {
    if (this.#waiting === fetch) this.#waiting = null
  }

  end(): void {
    this.#waiting?.finish()
    for (const partition of [...this.known.partitions]) this.forget(partition)
  }
}

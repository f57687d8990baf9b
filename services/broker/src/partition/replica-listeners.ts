import type { News } from '@courant/replication'

/** A fetch session with a follower, as a partition sees it. */
export interface ReplicaListener<Partition> {
  changed(partition: Partition, news: News): void
}

/** The followers that fetch a partition. None for most: followers, or partitions without any. */
export class ReplicaListeners<Partition> {
  #listeners: Set<ReplicaListener<Partition>> | null = null

  add(listener: ReplicaListener<Partition>): void {
    this.#listeners ??= new Set()
    this.#listeners.add(listener)
  }

  remove(listener: ReplicaListener<Partition>): void {
    this.#listeners?.delete(listener)
    if (this.#listeners?.size === 0) this.#listeners = null
  }

  notify(partition: Partition, news: News): void {
    if (this.#listeners === null) return
    for (const listener of this.#listeners) listener.changed(partition, news)
  }
}

import type { BusError, Offset } from '@courant/kernel'
import { PendingProduces, type WaitingAppend } from './pending-produces.ts'

/**
 * Until when an append waits: the leader's disk has it (acks=1), it is committed (acks=all), or all
 * in-sync followers have it (acks=all where the topic does not ask for the leader's disk).
 */
export type AwaitedEnd = 'durable' | 'committed' | 'replicated'

/** Offsets up to which each has come. */
export type ReachedEnds = Readonly<Record<AwaitedEnd, number>>

/**
 * The appends of a partition that nobody has heard of yet. They belong to the partition, not to a
 * term. Where the same leader goes on in a new one, so do they. Where another leads, those that
 * wait for all in-sync replicas wait on: as a follower this broker learns that they are committed,
 * or cuts them from its log. So a leader that moves on purpose leaves nobody in doubt. Made as they
 * are needed, because most partitions are idle.
 */
export class WaitingAppends {
  #durable: PendingProduces | null = null
  #committed: PendingProduces | null = null
  #replicated: PendingProduces | null = null

  add(awaited: AwaitedEnd, end: Offset, append: WaitingAppend): void {
    this.#queue(awaited).add(end, append)
  }

  /** Of a duplicate: there may be others that wait for as much or more. */
  addAgain(awaited: AwaitedEnd, end: Offset, append: WaitingAppend): void {
    this.#queue(awaited).insert(end, append)
  }

  release({ durable, committed, replicated }: ReachedEnds): void {
    this.#durable?.release(durable as Offset)
    this.#committed?.release(committed as Offset)
    this.#replicated?.release(replicated as Offset)
  }

  /** Another leader has begun: only what it commits can still be acknowledged. */
  failUncommittable(error: BusError): void {
    this.#durable?.failAll(error)
    this.#replicated?.failAll(error)
  }

  failBeyond(end: Offset, error: BusError): void {
    this.#committed?.failBeyond(end, error)
  }

  failAll(error: BusError): void {
    this.#durable?.failAll(error)
    this.#committed?.failAll(error)
    this.#replicated?.failAll(error)
  }

  #queue(awaited: AwaitedEnd): PendingProduces {
    if (awaited === 'durable') {
      this.#durable ??= new PendingProduces()
      return this.#durable
    }
    if (awaited === 'committed') {
      this.#committed ??= new PendingProduces()
      return this.#committed
    }
    this.#replicated ??= new PendingProduces()
    return this.#replicated
  }
}

import type { BusError } from '@courant/kernel'
import type { Fetched, FetchPosition, Isolation } from './partition-fetcher.ts'

/** Somebody who waits for a record; told once. */
export interface PollWaiter {
  readonly resolve: (fetched: Fetched) => void
  readonly reject: (error: BusError) => void
}

/** A place in a log at which somebody waits. Readers that wait at the same place share it. */
export class PollTarget {
  readonly position: FetchPosition
  readonly isolation: Isolation
  readonly key: string
  readonly waiters = new Set<PollWaiter>()

  constructor(position: FetchPosition, isolation: Isolation) {
    this.position = position
    this.isolation = isolation
    this.key = targetKey(position, isolation)
  }

  resolve(fetched: Fetched): void {
    for (const waiter of this.waiters) waiter.resolve(fetched)
    this.waiters.clear()
  }

  reject(error: BusError): void {
    for (const waiter of this.waiters) waiter.reject(error)
    this.waiters.clear()
  }
}

export function targetKey(position: FetchPosition, isolation: Isolation): string {
  return `${position.topicId}/${position.partition}/${position.offset}/${isolation}`
}

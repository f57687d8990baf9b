import {
  type Exchange,
  type fetchApi,
  NO_ERROR,
  type RequestOf,
  type ResponseInputOf,
} from '@courant/kafka-protocol'
import { type Clock, limits } from '@courant/kernel'
import type { PartitionRegistry } from '../partition/partition-registry.ts'
import type { RequestCounts } from '../request-counts.ts'
import type { Deadlines, Expiring } from './deadlines.ts'
import type { FetchLanes } from './fetch-lanes.ts'
import { FetchPartition } from './fetch-partition.ts'

type FetchRequest = RequestOf<typeof fetchApi>
export type FetchResponse = ResponseInputOf<typeof fetchApi>

export interface FetchParts {
  readonly partitions: PartitionRegistry
  readonly clock: Clock
  readonly lanes: FetchLanes
  /** Of fetches that wait for records. */
  readonly deadlines: Deadlines
  readonly counts: RequestCounts
  /** Whether another broker may lead already. */
  readonly isLeaseOver: () => boolean
}

/**
 * One fetch. It reads when it is its turn in the lane of its connection; without enough to answer
 * it leaves the lane and waits for the partitions to advance, holding on to no records meanwhile:
 * what it read is read again when it is wanted. After a wait only partitions that advanced are
 * read.
 *
 * States: reading (or queued for it) → waiting → reading … → done.
 */
export class FetchOperation implements Expiring {
  readonly deadlineMs: number
  earlier: Expiring | null = null
  later: Expiring | null = null
  readonly #exchange: Exchange<FetchResponse>
  readonly #parts: FetchParts
  readonly #topics: { readonly topic: string; readonly partitions: FetchPartition[] }[]
  readonly #entries: FetchPartition[] = []
  readonly #bytesMax: number
  readonly #bytesMin: number
  /** Entries to read in the next turn: at first all, later those whose partition has advanced. */
  #dirty: FetchPartition[]
  #bytes = 0
  #state: 'reading' | 'waiting' | 'done' = 'reading'
  /** Whether the next turn ends in the answer, be there much or little. */
  #isLastTurn: boolean

  constructor(request: FetchRequest, exchange: Exchange<FetchResponse>, parts: FetchParts) {
    this.#exchange = exchange
    this.#parts = parts
    this.#bytesMax = Math.min(Math.max(request.maxBytes, 0), limits.fetchBytesMax)
    this.#bytesMin = Math.min(request.minBytes, this.#bytesMax)
    const waitMs = Math.min(Math.max(request.maxWaitMs, 0), limits.brokerWaitMsMax)
    this.#isLastTurn = waitMs === 0
    this.deadlineMs = parts.clock.monotonicMs() + waitMs
    this.#topics = request.topics.map(({ topic, partitions }) => ({
      topic,
      partitions: partitions.map((asked) => this.#entry(topic, asked)),
    }))
    this.#dirty = [...this.#entries]
  }

  /** Reads when the client can take more. */
  begin(): void {
    this.#state = 'reading'
    this.#parts.lanes.enter(this.#exchange, (leave) => this.#takeTurn(leave))
  }

  /** The wait is over: the answer is what there is. */
  expire(): void {
    this.#isLastTurn = true
    this.#wake()
  }

  #entry(topic: string, asked: FetchRequest['topics'][number]['partitions'][number]) {
    const source = this.#parts.partitions.find(topic, asked.partition)
    const entry = new FetchPartition(asked, source, {
      isLeaseOver: this.#parts.isLeaseOver,
      onAdvance: () => this.#advanced(entry),
    })
    this.#entries.push(entry)
    return entry
  }

  #takeTurn(leave: () => void): void {
    if (!this.#exchange.peer.isOpen) {
      this.#end()
      leave()
      return
    }
    const entries = this.#dirty
    this.#dirty = []
    const reading = this.#read(entries, 0)
    if (reading === undefined) this.#decide(entries, leave)
    else void reading.then(() => this.#decide(entries, leave))
  }

  /** Reads one entry after the other, because each may use what its predecessors left. */
  #read(entries: readonly FetchPartition[], from: number): Promise<void> | undefined {
    for (let index = from; index < entries.length; index++) {
      const entry = entries[index]
      if (entry === undefined) continue
      const others = this.#bytes - entry.size
      const reading = entry.read(this.#bytesMax - others, others === 0 ? 'whole' : 'within-limit')
      if (reading !== undefined) {
        return reading.then(() => {
          this.#bytes = others + entry.size
          return this.#read(entries, index + 1)
        })
      }
      this.#bytes = others + entry.size
    }
    return undefined
  }

  #decide(read: readonly FetchPartition[], leave: () => void): void {
    const isEnough = this.#bytes >= this.#bytesMin || read.some(({ hasFailed }) => hasFailed)
    if (!isEnough && !this.#isLastTurn) {
      this.#wait(read)
      leave()
      return
    }
    const dropped = this.#entries.filter(({ isDropped }) => isDropped)
    if (dropped.length > 0) {
      this.#isLastTurn = true
      this.#dirty = dropped
      this.#takeTurn(leave)
    } else {
      this.#respond()
      leave()
    }
  }

  /** What advanced since it was read wakes the fetch at once. */
  #wait(read: readonly FetchPartition[]): void {
    for (const entry of read) entry.drop()
    for (const entry of read) entry.watch()
    this.#state = 'waiting'
    this.#parts.deadlines.add(this)
    if (this.#dirty.length > 0) this.#wake()
  }

  /** One turn, however many partitions advance before it. */
  #advanced(entry: FetchPartition): void {
    this.#dirty.push(entry)
    this.#wake()
  }

  #wake(): void {
    if (this.#state === 'waiting') this.begin()
  }

  #respond(): void {
    this.#end()
    const failed = this.#entries.find(({ hasFailed }) => hasFailed)
    this.#parts.counts.add('Fetch', failed?.errorCode ?? NO_ERROR)
    this.#exchange.respond({ throttleTimeMs: 0, topics: this.#topics }, this.#bytes, this.#sent)
  }

  readonly #sent = (): void => {
    for (const entry of this.#entries) entry.release()
  }

  #end(): void {
    this.#state = 'done'
    this.#parts.deadlines.remove(this)
    for (const entry of this.#entries) entry.unwatch()
  }
}

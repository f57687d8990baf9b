import { BusError, type Clock, limits, type Timer } from '@courant/kernel'
import {
  type Exchange,
  type fetchApi,
  NO_ERROR,
  type RequestHandler,
  type RequestOf,
  type ResponseInputOf,
} from '@courant/kafka-protocol'
import type { PartitionRegistry } from '../partition/partition-registry.ts'
import type { FetchLanes } from './fetch-lanes.ts'
import { FetchPartition } from './fetch-partition.ts'

type FetchRequest = RequestOf<typeof fetchApi>
type FetchResponse = ResponseInputOf<typeof fetchApi>

/** Kafka's number for a fetch session that the server does not know; we keep none. */
const FETCH_SESSION_ID_NOT_FOUND = 70

export interface FetchParts {
  readonly partitions: PartitionRegistry
  readonly clock: Clock
  readonly lanes: FetchLanes
  readonly longPolls: LongPolls
}

/** Fetches that wait for records; a broker that stops answers them with what there is. */
export class LongPolls {
  readonly #waiting = new Set<{ finish(): void }>()

  get count(): number {
    return this.#waiting.size
  }

  add(fetch: { finish(): void }): void {
    this.#waiting.add(fetch)
  }

  remove(fetch: { finish(): void }): void {
    this.#waiting.delete(fetch)
  }

  finishAll(): void {
    for (const fetch of [...this.#waiting]) fetch.finish()
  }
}

/**
 * Serves Fetch. The answer comes when `minBytes` are there, when a partition has an error, or when
 * `maxWaitMs` (bounded: the protocol has no cancel) have passed. Each partition is read once more
 * only after its high watermark has moved.
 */
export function fetchHandler(parts: FetchParts): RequestHandler<FetchRequest, FetchResponse> {
  return (request, exchange) => {
    if (request.sessionId !== 0) {
      exchange.respond(emptyAnswer(FETCH_SESSION_ID_NOT_FOUND))
      return
    }
    const fetch = new FetchOperation(request, exchange, parts)
    fetch.begin()
  }
}

class FetchOperation {
  readonly #request: FetchRequest
  readonly #exchange: Exchange<FetchResponse>
  readonly #parts: FetchParts
  readonly #topics: { readonly topic: string; readonly partitions: FetchPartition[] }[]
  readonly #entries: FetchPartition[] = []
  readonly #bytesMax: number
  readonly #deadlineMs: number
  /** Entries to read in the next turn: at first all, later those whose partition has advanced. */
  #dirty: Set<FetchPartition>
  #timer: Timer | null = null
  #state: 'reading' | 'waiting' | 'done' = 'reading'

  constructor(request: FetchRequest, exchange: Exchange<FetchResponse>, parts: FetchParts) {
    this.#request = request
    this.#exchange = exchange
    this.#parts = parts
    this.#bytesMax = Math.min(Math.max(request.maxBytes, 0), limits.fetchBytesMax)
    const waitMs = Math.min(Math.max(request.maxWaitMs, 0), limits.brokerWaitMsMax)
    this.#deadlineMs = parts.clock.monotonicMs() + waitMs
    this.#topics = request.topics.map(({ topic, partitions }) => ({
      topic,
      partitions: partitions.map((asked) => {
        const entry = new FetchPartition(asked, parts.partitions.find(topic, asked.partition))
        this.#entries.push(entry)
        return entry
      }),
    }))
    this.#dirty = new Set(this.#entries)
  }

  begin(): void {
    this.#parts.lanes.enter(this.#exchange.peer, (leave) => {
      void this.#read().finally(leave)
    })
  }

  /** Ends a wait early, with what there is. */
  finish(): void {
    if (this.#state !== 'waiting') return
    this.#stopWaiting()
    this.#respond()
  }
}

import {
  type Exchange,
  NO_ERROR,
  type produceApi,
  type RequestHandler,
  type RequestOf,
  type ResponseInputOf,
} from '@courant/kafka-protocol'
import { BusError, type Clock, limits } from '@courant/kernel'
import { isAcks } from '../partition/acks.ts'
import type { PartitionRegistry } from '../partition/partition-registry.ts'
import { NOT_LEADER } from '../partition/refusals.ts'
import type { RequestCounts } from '../request-counts.ts'
import type { Deadlines, Expiring } from './deadlines.ts'
import { type AppendObserver, PartitionAppend } from './partition-append.ts'
import { unknownPartition } from './unknown-partition.ts'

type ProduceRequest = RequestOf<typeof produceApi>
type ProducedTopic = ProduceRequest['topics'][number]
type ProduceExchange = Exchange<ResponseInputOf<typeof produceApi>>

export interface ProduceParts {
  readonly partitions: PartitionRegistry
  readonly clock: Clock
  readonly deadlines: Deadlines
  readonly counts: RequestCounts
  /** Whether another broker may lead already: then this one alone can promise nothing. */
  readonly isLeaseOver: () => boolean
}

/**
 * Serves Produce: appends to each partition at once, in the order of arrival, and answers when the
 * last one has its outcome. With acks 0 nobody waits and nothing is answered.
 */
export function produceHandler(
  parts: ProduceParts,
): RequestHandler<ProduceRequest, ResponseInputOf<typeof produceApi>> {
  return (request, exchange) => {
    const produce = new ProduceOperation(request, exchange, parts)
    produce.begin(request)
  }
}

/**
 * One produce, from its appends to its answer, which it is itself: at a hundred thousand requests a
 * second every object less is a part of the collector's work less.
 */
class ProduceOperation implements AppendObserver, Expiring {
  readonly topics: { readonly name: string; readonly partitions: PartitionAppend[] }[]
  readonly throttleTimeMs = 0
  readonly deadlineMs: number
  earlier: Expiring | null = null
  later: Expiring | null = null
  readonly #exchange: ProduceExchange
  readonly #parts: ProduceParts
  /** Appends without an outcome, and one for the loop that is still making them. */
  #unsettled = 1

  constructor(request: ProduceRequest, exchange: ProduceExchange, parts: ProduceParts) {
    this.#exchange = exchange
    this.#parts = parts
    this.topics = new Array(request.topics.length)
    const timeoutMs = Math.min(Math.max(request.timeoutMs, 0), limits.produceTimeoutMsMax)
    // A fraction would be an object of its own.
    this.deadlineMs = Math.ceil(parts.clock.monotonicMs() + timeoutMs)
  }

  /** The request is not kept: its records are in the log when this returns. */
  begin(request: ProduceRequest): void {
    let at = 0
    for (const topic of request.topics) {
      const partitions: PartitionAppend[] = new Array(topic.partitions.length)
      this.topics[at] = { name: topic.name, partitions }
      at += 1
      this.#appendTo(request, topic, partitions)
    }
    if (request.acks === 0) {
      this.#parts.counts.add('Produce', this.#firstError())
      this.#exchange.skip()
    }
    this.settled()
    if (this.#exchange.isWaiting) this.#parts.deadlines.add(this)
  }

  settled(): void {
    this.#unsettled -= 1
    if (this.#unsettled > 0 || !this.#exchange.isWaiting) return
    this.#parts.deadlines.remove(this)
    this.#parts.counts.add('Produce', this.#firstError())
    this.#exchange.respond(this)
  }

  /** What has no outcome yet may still be applied; its real outcome then finds nobody waiting. */
  expire(): void {
    const error = new BusError('TIMED_OUT', 'The append was not acknowledged in time.')
    for (const { partitions } of this.topics) for (const append of partitions) append.fail(error)
  }

  #firstError(): number {
    for (const { partitions } of this.topics) {
      for (const { errorCode } of partitions) if (errorCode !== NO_ERROR) return errorCode
    }
    return NO_ERROR
  }

  #appendTo(request: ProduceRequest, topic: ProducedTopic, appends: PartitionAppend[]): void {
    let at = 0
    for (const { index, records } of topic.partitions) {
      const append = new PartitionAppend(index, this)
      appends[at] = append
      at += 1
      this.#unsettled += 1
      this.#append(request, topic.name, append, records)
    }
  }

  #append(
    { acks, transactionalId }: ProduceRequest,
    topic: string,
    append: PartitionAppend,
    records: Buffer | null,
  ): void {
    const partition = this.#parts.partitions.find(topic, append.index)
    if (!isAcks(acks)) append.fail(unknownAcks(acks))
    else if (transactionalId !== null) append.fail(noTransactions())
    else if (acks !== -1 && this.#parts.isLeaseOver()) append.fail(NOT_LEADER)
    else if (partition === null) append.fail(unknownPartition())
    else partition.append(records, acks, append)
  }
}

function unknownAcks(acks: number): BusError {
  return new BusError('INVALID_ARGUMENT', `acks is 0, 1 or -1, not ${acks}.`)
}

function noTransactions(): BusError {
  return new BusError('NOT_IMPLEMENTED', 'Transactions are not served yet.')
}

import {
  type deleteRecordsApi,
  type Exchange,
  kafkaCodeOf,
  NO_ERROR,
  type RequestHandler,
  type RequestOf,
  type ResponseInputOf,
} from '@courant/kafka-protocol'
import { BusError, type Clock, limits, type Offset } from '@courant/kernel'
import type { PartitionRegistry } from '../partition/partition-registry.ts'
import { deleteRecords } from '../partition/record-deletion.ts'
import { expected } from '../partition/refusals.ts'
import type { RequestCounts } from '../request-counts.ts'
import type { Deadlines, Expiring } from './deadlines.ts'
import { unknownPartition } from './unknown-partition.ts'

type Request = RequestOf<typeof deleteRecordsApi>
type Asked = Request['topics'][number]['partitions'][number]
type Response = ResponseInputOf<typeof deleteRecordsApi>

export interface DeleteRecordsParts {
  readonly partitions: PartitionRegistry
  readonly clock: Clock
  readonly deadlines: Deadlines
  readonly counts: RequestCounts
}

/** Kafka's name for "up to the high watermark". */
const HIGH_WATERMARK = -1
const NO_OFFSET = -1

/** Serves DeleteRecords: answers when the new starts of the logs are durable. */
export function deleteRecordsHandler(parts: DeleteRecordsParts): RequestHandler<Request, Response> {
  return (request, exchange) => new DeleteRecordsOperation(request, exchange, parts).begin()
}

interface Entry {
  readonly partitionIndex: number
  lowWatermark: number
  errorCode: number
}

class DeleteRecordsOperation implements Expiring {
  readonly deadlineMs: number
  earlier: Expiring | null = null
  later: Expiring | null = null
  readonly #request: Request
  readonly #exchange: Exchange<Response>
  readonly #parts: DeleteRecordsParts
  readonly #topics: { readonly name: string; readonly partitions: Entry[] }[] = []

  constructor(request: Request, exchange: Exchange<Response>, parts: DeleteRecordsParts) {
    this.#request = request
    this.#exchange = exchange
    this.#parts = parts
    const timeoutMs = Math.min(Math.max(request.timeoutMs, 0), limits.produceTimeoutMsMax)
    this.deadlineMs = parts.clock.monotonicMs() + timeoutMs
  }

  begin(): void {
    const deletions: Promise<void>[] = []
    for (const { name, partitions } of this.#request.topics) {
      const entries = partitions.map(({ partitionIndex }) => unsettled(partitionIndex))
      this.#topics.push({ name, partitions: entries })
      for (const [at, asked] of partitions.entries()) {
        const entry = entries[at]
        if (entry !== undefined) deletions.push(this.#delete(name, asked, entry))
      }
    }
    this.#parts.deadlines.add(this)
    void Promise.all(deletions).then(() => this.#respond())
  }

  /** What is not settled by now says so; it may still happen. */
  expire(): void {
    this.#respond()
  }

  async #delete(topic: string, { offset }: Asked, entry: Entry): Promise<void> {
    try {
      const partition = this.#parts.partitions.find(topic, entry.partitionIndex)
      if (partition === null) throw unknownPartition()
      const before = offset === HIGH_WATERMARK ? 'highWatermark' : (offset as Offset)
      entry.lowWatermark = await deleteRecords(partition, before)
      entry.errorCode = NO_ERROR
    } catch (thrown) {
      entry.errorCode = kafkaCodeOf(expected(thrown))
    }
  }

  #respond(): void {
    if (!this.#exchange.isWaiting) return
    this.#parts.deadlines.remove(this)
    const entries = this.#topics.flatMap(({ partitions }) => partitions)
    const failed = entries.find(({ errorCode }) => errorCode !== NO_ERROR)
    this.#parts.counts.add('DeleteRecords', failed?.errorCode ?? NO_ERROR)
    this.#exchange.respond({ throttleTimeMs: 0, topics: this.#topics })
  }
}

function unsettled(partitionIndex: number): Entry {
  return { partitionIndex, lowWatermark: NO_OFFSET, errorCode: TIMED_OUT }
}

const TIMED_OUT = kafkaCodeOf(new BusError('TIMED_OUT', 'The deletion took too long.'))

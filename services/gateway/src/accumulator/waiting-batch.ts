import { assert, type BusError, limits } from '@courant/kernel'
import {
  type BatchMemory,
  emptyRecordSource,
  type ProducerStamp,
  RecordBatch,
  RecordBatchBuilder,
  RecordCursor,
  type RecordSource,
} from '@courant/record-batch'
import type { Share } from './share.ts'

/** Who must have a batch before it is answered, as Kafka numbers it. */
export type Acks = 'all' | 'leader'

/** Consecutive records of a batch that belong to one share. */
interface Part {
  readonly share: Share
  readonly firstIndex: number
  count: number
}

/**
 * A batch on its way to one partition, from its first record until its outcome. States: gathering
 * (takes records) → sealed (takes none any more; its delivery decides how long it may be sealed
 * anew) → done.
 */
export class WaitingBatch {
  readonly acks: Acks
  /** What the batch holds of the memory budget. */
  chargedBytes = 0
  readonly #memory: BatchMemory
  readonly #builder: RecordBatchBuilder
  #parts: Part[] = []
  #bytes: Buffer | null = null
  #stamp: ProducerStamp | null = null
  #earliestDeadlineMs = Number.POSITIVE_INFINITY

  constructor(acks: Acks, capacity: number, memory: BatchMemory) {
    this.acks = acks
    this.#memory = memory
    this.#builder = new RecordBatchBuilder(capacity, memory)
  }

  /** Takes the record unless the batch would become larger than `sizeMax`; false then. */
  appendWithin(record: RecordSource, sizeMax: number, share: Share): boolean {
    const index = this.#builder.recordCount
    if (index === limits.batchRecordsMax || !this.#builder.appendWithin(record, sizeMax))
      return false
    const part = this.#parts.at(-1)
    if (part !== undefined && part.share === share) part.count += 1
    else {
      this.#parts.push({ share, firstIndex: index, count: 1 })
      if (share.deadlineMs < this.#earliestDeadlineMs) this.#earliestDeadlineMs = share.deadlineMs
    }
    return true
  }

  /** Bytes of the batch, before it is sealed. */
  get size(): number {
    return this.#builder.size
  }

  /** Nobody waits for any of its records. */
  get isAbandoned(): boolean {
    return this.#parts.every(({ share }) => share.isDecided)
  }

  /** Whether everybody whose records it has still waits. If not, `seal` makes it anew. */
  get isWanted(): boolean {
    return !this.#parts.some(({ share }) => share.isDecided)
  }

  /**
   * The bytes to send, without the records that nobody waits for any more (their caller's deadline
   * has passed, or an earlier batch of the same request failed). Not when it is abandoned, and not
   * once it may have been applied: then it has to stay as it is.
   */
  seal(stamp: ProducerStamp): Buffer {
    const isSealed = this.#bytes !== null
    const bytes = this.#bytes ?? this.#builder.seal('none', stamp)
    this.#bytes = bytes
    if (!this.isWanted || (isSealed && stamp !== this.#stamp)) this.#sealAnew(bytes, stamp)
    this.#stamp = stamp
    return this.#bytes
  }

  /** The bytes as they were sealed last. */
  get sealed(): Buffer {
    assert(this.#bytes !== null, 'only a batch that was sealed can have been sent')
    return this.#bytes
  }

  /** How many records these have. */
  get sealedCount(): number {
    return new RecordBatch(this.sealed).recordCount
  }

  acknowledge(baseOffset: number, appendTime: number): void {
    for (const { share, firstIndex, count } of this.#parts) {
      share.acknowledge({ count, baseOffset: baseOffset + firstIndex, appendTime })
    }
  }

  /**
   * Gives the memory back, once an answer shows that all of it has left this process. A batch that
   * failed may still stand in the queue of a socket, and is left to the collector.
   */
  release(): void {
    if (this.#bytes !== null) this.#memory.give(this.#bytes)
    this.#bytes = null
  }

  fail(error: BusError): void {
    for (const { share } of this.#parts) share.fail(error)
  }

  /** Fails those whose deadline has passed. */
  expire(nowMs: number, error: () => BusError): void {
    if (nowMs < this.#earliestDeadlineMs) return
    this.#earliestDeadlineMs = Number.POSITIVE_INFINITY
    for (const { share } of this.#parts) {
      if (share.isDecided) continue
      if (share.deadlineMs <= nowMs) share.fail(error())
      else this.#earliestDeadlineMs = Math.min(this.#earliestDeadlineMs, share.deadlineMs)
    }
  }

  /** Builds the batch anew from its own bytes. Rare, so it may cost a second pass. */
  #sealAnew(bytes: Buffer, stamp: ProducerStamp): void {
    const builder = new RecordBatchBuilder(bytes.length, this.#memory)
    const cursor = new RecordCursor(new RecordBatch(bytes))
    const source = emptyRecordSource()
    const kept: Part[] = []
    for (const { share, count } of this.#parts) {
      if (!share.isDecided) kept.push({ share, firstIndex: builder.recordCount, count })
      for (let index = 0; index < count; index += 1) {
        assert(cursor.next(), 'the parts cover the records')
        if (share.isDecided) continue
        pointAt(source, cursor)
        builder.append(source)
      }
    }
    this.#parts = kept
    this.#bytes = builder.seal('none', stamp)
  }
}

function pointAt(source: RecordSource, cursor: RecordCursor): void {
  const { bytes } = cursor
  source.timestamp = cursor.timestamp
  source.keyBytes = cursor.keyStart < 0 ? null : bytes
  source.keyStart = cursor.keyStart
  source.keyEnd = cursor.keyEnd
  source.valueBytes = cursor.valueStart < 0 ? null : bytes
  source.valueStart = cursor.valueStart
  source.valueEnd = cursor.valueEnd
  // The count in front of the headers is part of their encoding.
  source.headersBytes = bytes
  source.headersStart = cursor.valueEnd
  source.headersEnd = cursor.recordEnd
}

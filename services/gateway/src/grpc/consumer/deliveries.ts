import { RecordFormat } from '@courant/api/v1/record'
import { recordBatches } from '@courant/record-batch'
import type { BufferPool } from '../../fetch/buffer-pool.ts'
import type { FoundRange } from '../../groups/poll/range-reader.ts'
import { ENDS_BYTES, writeEnds } from '../records/fetch-answer.ts'
import { RecordMessages } from '../records/record-messages.ts'
import { MessageWriter } from '../wire/message-writer.ts'
import type { Credit } from './credit.ts'

/** Field of ConsumeResponse. */
const DELIVERY = 2
/** Fields of Delivery, beyond those of FetchResponse. */
const RECORD_BATCHES = 2
const TOPIC = 7
const PARTITION = 8
const OFFSET = 9

export interface DeliveryParts {
  readonly format: RecordFormat
  readonly maxMessageBytes: number
  readonly credit: Credit
  readonly buffers: BufferPool
}

export interface DeliveryMessage {
  /** Of type ConsumeResponse. */
  readonly message: Buffer
  readonly from: number
  readonly nextOffset: number
  readonly recordCount: number
  readonly leaderEpoch: number
}

/** What a piece of a range is made of: writes it, and says what it has written. */
type Piece = (out: MessageWriter) => Omit<DeliveryMessage, 'message' | 'from'>

/**
 * The messages that deliver what was found of a partition, each made when it is asked for: within
 * the credit of that moment, or with one record or batch where that is larger. Ends with the
 * credit, and at the end of the range.
 */
export function* deliveries(
  range: FoundRange,
  parts: DeliveryParts,
): Generator<DeliveryMessage, void, undefined> {
  const { position, fetched } = range
  const { credit, maxMessageBytes, buffers } = parts
  const isBatches = parts.format === RecordFormat.RECORD_FORMAT_BATCHES
  const piece = isBatches ? batchPieces(range, parts) : recordPieces(range, parts)
  let from = position.offset
  while (credit.isOpen) {
    const bytes = Math.min(maxMessageBytes, credit.bytes)
    const out = new MessageWriter(
      2 * ENDS_BYTES + Math.min(bytes, 2 * fetched.records.length),
      buffers,
    )
    const written = piece(out)
    if (written.nextOffset === from) {
      buffers.give(out.take())
      return
    }
    writeEnds(out, fetched, written.nextOffset)
    out.bytes(TOPIC, Buffer.from(position.topic))
    out.integer(PARTITION, position.partition)
    out.integer(OFFSET, from)
    const message = out.takeAsField(DELIVERY)
    credit.spend(written.recordCount, message.length)
    yield { ...written, message, from }
    from = written.nextOffset
  }
}

function recordPieces({ position, fetched }: FoundRange, parts: DeliveryParts): Piece {
  const { credit, maxMessageBytes } = parts
  const records = new RecordMessages(fetched.records, position.offset)
  return (out) => {
    const before = records.recordCount
    const bytesMax = Math.min(maxMessageBytes, credit.bytes)
    records.writeTo(out, before + credit.records, bytesMax)
    const { nextOffset, leaderEpoch, recordCount } = records
    return { nextOffset, leaderEpoch, recordCount: recordCount - before }
  }
}

function batchPieces({ position, fetched }: FoundRange, parts: DeliveryParts): Piece {
  const { credit, maxMessageBytes } = parts
  let start = 0
  let nextOffset = position.offset
  let leaderEpoch = -1
  return (out) => {
    const bytesMax = Math.min(maxMessageBytes, credit.bytes)
    let end = start
    let recordCount = 0
    for (const batch of recordBatches(fetched.records, start)) {
      const count = batch.isControl ? 0 : batch.recordCount
      const isLarge = end - start + batch.size > bytesMax || recordCount + count > credit.records
      if (isLarge && end > start) break
      end += batch.size
      recordCount += count
      nextOffset = Math.max(nextOffset, batch.nextOffset)
      leaderEpoch = batch.partitionLeaderEpoch
    }
    if (end > start) out.bytes(RECORD_BATCHES, fetched.records, start, end)
    start = end
    return { nextOffset, leaderEpoch, recordCount }
  }
}

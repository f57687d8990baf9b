import { RecordFormat } from '@courant/api/v1/record'
import { recordBatches } from '@courant/record-batch'
import type { BufferPool } from '../../fetch/buffer-pool.ts'
import type { Fetched } from '../../fetch/partition-fetcher.ts'
import { MessageWriter } from '../wire/message-writer.ts'
import { RecordMessages } from './record-messages.ts'

/** Fields of FetchResponse and FetchStreamResponse. */
const RECORD_BATCHES = 2
const NEXT_OFFSET = 3
const HIGH_WATERMARK = 4
const LOG_START_OFFSET = 5
const LAST_STABLE_OFFSET = 6

/** Beyond the records. */
export const ENDS_BYTES = 64

export interface Answer {
  readonly message: Buffer
  readonly nextOffset: number
  readonly recordCount: number
}

export interface AnswerBounds {
  readonly recordsMax: number
  readonly bytesMax: number
}

/** The messages that tell what was fetched, one after the other; at least one. */
export function* fetchAnswers(
  fetched: Fetched,
  offset: number,
  format: RecordFormat,
  { recordsMax, bytesMax }: AnswerBounds,
  buffers: BufferPool,
): Generator<Answer, void, undefined> {
  if (format === RecordFormat.RECORD_FORMAT_BATCHES) {
    yield batchesAnswer(fetched, offset, buffers)
    return
  }
  const records = new RecordMessages(fetched.records, offset)
  let hasMore = true
  while (hasMore) {
    const before = records.recordCount
    const estimate = Math.min(bytesMax, 2 * fetched.records.length)
    const out = new MessageWriter(ENDS_BYTES + estimate, buffers)
    hasMore = records.writeTo(out, recordsMax, bytesMax) && records.recordCount < recordsMax
    const { nextOffset } = records
    writeEnds(out, fetched, nextOffset)
    yield { message: out.take(), nextOffset, recordCount: records.recordCount - before }
  }
}

function batchesAnswer(fetched: Fetched, offset: number, buffers: BufferPool): Answer {
  let nextOffset = offset
  let recordCount = 0
  let end = 0
  for (const batch of recordBatches(fetched.records)) {
    end += batch.size
    nextOffset = Math.max(nextOffset, batch.nextOffset)
    if (!batch.isControl) recordCount += batch.recordCount
  }
  const out = new MessageWriter(ENDS_BYTES + end, buffers)
  if (end > 0) out.bytes(RECORD_BATCHES, fetched.records, 0, end)
  writeEnds(out, fetched, nextOffset)
  return { message: out.take(), nextOffset, recordCount }
}

/** How far the log is. */
export function writeEnds(out: MessageWriter, fetched: Fetched, nextOffset: number): void {
  out.integer(NEXT_OFFSET, nextOffset)
  out.integer(HIGH_WATERMARK, fetched.highWatermark)
  out.integer(LOG_START_OFFSET, fetched.logStartOffset)
  out.integer(LAST_STABLE_OFFSET, fetched.lastStableOffset)
}

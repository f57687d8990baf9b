import { Acks } from '@courant/api/v1/record_service'
import { limits } from '@courant/kernel'
import type { ProduceOptions } from '../../produce/produce-options.ts'
import { problemAt } from '../../produce/record-problem.ts'
import { MessageReader } from '../wire/message-reader.ts'

/** Fields of ProduceRequest, which those of ProduceStreamRequest begin with. */
const TOPIC = 1
export const RECORDS = 2
const ACKS = 3
const TIMEOUT_MS = 4
const CORRELATION_ID = 5
const RECORD_BATCHES = 6
const PARTITION = 7

/** Where the encoded record batches of a request lie in it. */
export interface EncodedBatches {
  readonly start: number
  readonly end: number
  /** Null: of each record by its key. */
  readonly partition: number | null
}

/** A produce request without its records. */
export interface ProduceHead {
  readonly topic: string
  readonly acks: ProduceOptions['acks']
  /** Null: not given. */
  readonly timeoutMs: number | null
  /** Only of streams. */
  readonly correlationId: number
  /** Null: the records are messages. */
  readonly batches: EncodedBatches | null
}

/** Reads all but the records, which are stepped over. */
export function readProduceHead(message: Buffer): ProduceHead {
  const reader = new MessageReader().reset(message)
  let topic = ''
  let acks = 0
  let timeoutMs: number | null = null
  let correlationId = 0
  let partition: number | null = null
  let range: { readonly start: number; readonly end: number } | null = null
  let hasRecords = false
  while (reader.next()) {
    if (reader.isBytes(TOPIC)) topic = message.toString('utf8', reader.start, reader.end)
    else if (reader.isBytes(RECORDS)) hasRecords = true
    else if (reader.isBytes(RECORD_BATCHES)) range = { start: reader.start, end: reader.end }
    else if (reader.field === PARTITION) partition = reader.varint
    else if (reader.field === ACKS) acks = reader.varint
    else if (reader.field === TIMEOUT_MS) timeoutMs = reader.varint
    else if (reader.field === CORRELATION_ID) correlationId = reader.varint
  }
  if (!Number.isSafeInteger(correlationId)) {
    throw problemAt('INVALID_ARGUMENT', '/correlationId', 'This is from 0 to 2^53 - 1.')
  }
  const batches = range === null || range.start === range.end ? null : { ...range, partition }
  if (hasRecords && batches !== null) {
    const detail = 'A request has records or record batches, not both.'
    throw problemAt('INVALID_ARGUMENT', '/recordBatches', detail)
  }
  return { topic, acks: acksOf(acks), timeoutMs: checkTimeout(timeoutMs), correlationId, batches }
}

function acksOf(acks: number): ProduceOptions['acks'] {
  switch (acks) {
    case Acks.ACKS_UNSPECIFIED:
    case Acks.ACKS_ALL:
      return 'all'
    case Acks.ACKS_LEADER:
      return 'leader'
    case Acks.ACKS_NONE:
      return 'none'
    default:
      throw problemAt('INVALID_ARGUMENT', '/acks', 'This value is not known here.')
  }
}

function checkTimeout(timeoutMs: number | null): number | null {
  if (timeoutMs === null || (timeoutMs >= 1 && timeoutMs <= limits.produceTimeoutMsMax)) {
    return timeoutMs
  }
  const detail = `This is from 1 to ${limits.produceTimeoutMsMax}.`
  throw problemAt('INVALID_ARGUMENT', '/timeoutMs', detail)
}

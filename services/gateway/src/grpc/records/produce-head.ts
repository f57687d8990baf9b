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

/** A produce request without its records. */
export interface ProduceHead {
  readonly topic: string
  readonly acks: ProduceOptions['acks']
  /** Null: not given. */
  readonly timeoutMs: number | null
  /** Only of streams. */
  readonly correlationId: number
}

/** Reads all but the records, which are stepped over. */
export function readProduceHead(message: Buffer): ProduceHead {
  const reader = new MessageReader().reset(message)
  let topic = ''
  let acks = 0
  let timeoutMs: number | null = null
  let correlationId = 0
  while (reader.next()) {
    if (reader.isBytes(TOPIC)) topic = message.toString('utf8', reader.start, reader.end)
    else if (reader.field === ACKS) acks = reader.varint
    else if (reader.field === TIMEOUT_MS) timeoutMs = reader.varint
    else if (reader.field === CORRELATION_ID) correlationId = reader.varint
  }
  if (!Number.isSafeInteger(correlationId)) {
    throw problemAt('INVALID_ARGUMENT', '/correlationId', 'This is from 0 to 2^53 - 1.')
  }
  return { topic, acks: acksOf(acks), timeoutMs: checkTimeout(timeoutMs), correlationId }
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

import { limits } from '@courant/kernel'
import { type Static, Type } from 'typebox'
import type { RouteDescription } from '../route.ts'
import { JSON_TYPE } from '../samples.ts'
import { CLOSED } from '../schemas.ts'
import { NDJSON_TYPE } from './produce.ts'
import { ReadRecord, RecordPageAnswer } from './record-schemas.ts'

export const EVENTS_TYPE = 'text/event-stream'

/** Records on one page when the query does not say. */
export const PAGE_RECORDS_DEFAULT = 1_000

const PartitionParams = Type.Object({
  topic: Type.String({ description: 'Name of the topic.' }),
  partition: Type.Integer({ minimum: 0, description: 'Index of the partition.' }),
})

const FetchQuery = Type.Object(
  {
    offset: Type.Optional(
      Type.Integer({
        minimum: 0,
        maximum: Number.MAX_SAFE_INTEGER,
        description: 'Begin at this offset.',
      }),
    ),
    timestamp: Type.Optional(
      Type.Integer({
        minimum: 0,
        maximum: Number.MAX_SAFE_INTEGER,
        description: 'Begin at the first record that is as young; at the end if none is.',
      }),
    ),
    from: Type.Optional(
      Type.Unsafe<'earliest' | 'latest'>({
        type: 'string',
        enum: ['earliest', 'latest'],
        description: 'Begin at either end. Without offset, timestamp and from: earliest.',
      }),
    ),
    maxRecords: Type.Optional(
      Type.Integer({
        minimum: 1,
        maximum: Number.MAX_SAFE_INTEGER,
        description:
          `Records on the page, at most ${limits.fetchRecordsMax}; ${PAGE_RECORDS_DEFAULT} when ` +
          'absent. A stream ends after so many.',
      }),
    ),
    maxBytes: Type.Optional(
      Type.Integer({
        minimum: 1,
        maximum: limits.fetchBytesMax,
        description: 'Stored bytes on the page; the first batch of records comes whole anyway.',
      }),
    ),
    waitMs: Type.Optional(
      Type.Integer({
        minimum: 0,
        maximum: limits.waitMsMax,
        description:
          'Wait so long for a first record; 0 when absent. A stream ends when nothing has come ' +
          'for so long, and never when absent.',
      }),
    ),
    isolation: Type.Optional(
      Type.Unsafe<'committed' | 'uncommitted'>({
        type: 'string',
        enum: ['committed', 'uncommitted'],
        description: 'Whether records of open transactions are shown; committed when absent.',
      }),
    ),
    format: Type.Optional(
      Type.Unsafe<'json' | 'text' | 'base64'>({
        type: 'string',
        enum: ['json', 'text', 'base64'],
        description: 'How bytes are shown; json when absent.',
      }),
    ),
  },
  CLOSED,
)
export type FetchQueryValue = Static<typeof FetchQuery>

const record = {
  offset: 41_209,
  timestamp: 1_764_000_000_000,
  key: 'cust-9',
  value: { total: 4200 },
  headers: [{ name: 'eventType', value: 'OrderPlaced' }],
}

export const fetchRecords: RouteDescription = {
  method: 'GET',
  path: '/v1/topics/{topic}/partitions/{partition}/records',
  operationId: 'fetchRecords',
  tag: 'Records',
  summary: 'Read records of a partition',
  description:
    'Reads without a group: nothing is remembered, and `nextOffset` is where to go on.\n\n' +
    'With `format=json` a value is shown as `value` if the stored bytes are one JSON text, else as ' +
    '`valueText` if they are UTF-8, else as `valueBase64`; `text` and `base64` leave out the first ' +
    'and the first two. `value: null` is always a tombstone. Every record can be written again as ' +
    'it was read, with identical bytes.\n\n`Accept: application/x-ndjson` or ' +
    '`text/event-stream` answers a stream that follows the log, with a blank line or a comment ' +
    'where nothing happens for a while. The `id:` of an event is where to resume: send it back as ' +
    '`Last-Event-ID`.\n\nAnswers that are asked for and not taken off the connection fill the ' +
    "tenant's share of memory; further reads wait for it, and are THROTTLED after some seconds." +
    '\n\nSafe to repeat.',
  access: 'tenant',
  isolation: 'topic',
  params: PartitionParams,
  query: FetchQuery,
  responses: {
    200: {
      description: 'The records, possibly none.',
      content: {
        [JSON_TYPE]: {
          schema: RecordPageAnswer,
          example: {
            records: [record],
            nextOffset: 41_210,
            highWatermark: 41_210,
            logStartOffset: 0,
            lastStableOffset: 41_210,
          },
        },
        [NDJSON_TYPE]: { schema: ReadRecord, example: record },
        [EVENTS_TYPE]: {
          schema: Type.String(),
          example: `id: 41210\ndata: ${JSON.stringify(record)}\n\n`,
        },
      },
    },
  },
  errors: [
    'TOPIC_NOT_FOUND',
    'PARTITION_NOT_FOUND',
    'OFFSET_OUT_OF_RANGE',
    'NOT_LEADER',
    'BROKER_UNAVAILABLE',
    'STORAGE_OFFLINE',
    'BUSY',
  ],
}

import { limits } from '@courant/kernel'
import { type Static, Type } from 'typebox'
import type { ProduceOptions } from '../../produce/produce-options.ts'
import type { RouteDescription } from '../route.ts'
import { JSON_TYPE } from '../samples.ts'
import { CLOSED, TopicParams } from '../schemas.ts'
import { GivenRecord, ProduceResult, ProduceResults } from './record-schemas.ts'

export const NDJSON_TYPE = 'application/x-ndjson'
const CLOUDEVENT_TYPE = 'application/cloudevents+json'

const ProduceQuery = Type.Object(
  {
    acks: Type.Optional(
      Type.Unsafe<'all' | 'leader' | 'none'>({
        type: 'string',
        enum: ['all', 'leader', 'none'],
        description: 'Who must have the records before the answer; `none` is answered 202 at once.',
      }),
    ),
    timeoutMs: Type.Optional(
      Type.Integer({
        minimum: 1,
        maximum: limits.produceTimeoutMsMax,
        description:
          `How long to wait; ${limits.produceTimeoutMsDefault} when absent. A leader that dies ` +
          'is replaced in some ten seconds, for which this should leave time.',
      }),
    ),
    onPartial: Type.Optional(
      Type.Unsafe<'status' | 'error'>({
        type: 'string',
        enum: ['status', 'error'],
        description: '`error`: when only some records were written, answer 502 instead of 207.',
      }),
    ),
    onError: Type.Optional(
      Type.Unsafe<'continue' | 'stop'>({
        type: 'string',
        enum: ['continue', 'stop'],
        description: 'NDJSON only: whether the stream goes on behind a line that failed.',
      }),
    ),
    key: Type.Optional(Type.String({ description: 'Key of a raw value or an event.' })),
    partition: Type.Optional(
      Type.Integer({ minimum: 0, description: 'Partition of a raw value or an event.' }),
    ),
  },
  CLOSED,
)
export type ProduceQueryValue = Static<typeof ProduceQuery>

/** What a query means with its defaults. */
export function optionsOf(query: ProduceQueryValue): ProduceOptions {
  return {
    acks: query.acks ?? 'all',
    timeoutMs: query.timeoutMs ?? limits.produceTimeoutMsDefault,
    onPartial: query.onPartial ?? 'status',
  }
}

const record = {
  key: 'cust-9',
  value: { total: 4200 },
  headers: { eventType: 'OrderPlaced' },
  timestamp: 1_764_000_000_000,
}
const event = {
  specversion: '1.0',
  id: 'A234-1234-1234',
  source: '/shop/checkout',
  type: 'com.example.order.placed',
  datacontenttype: JSON_TYPE,
  data: { total: 4200 },
}
const results = {
  results: [{ partition: 3, offset: 41_209, timestamp: 1_764_000_000_000 }],
  failed: 0,
}

const partialResults = {
  results: [
    ...results.results,
    {
      partition: 7,
      offset: null,
      problem: {
        type: '/docs/errors#NOT_ENOUGH_REPLICAS',
        title: 'Too few replicas are in sync',
        status: 503,
        detail: 'Too few replicas are in sync.',
        code: 'NOT_ENOUGH_REPLICAS',
        retriable: true,
        applied: 'no',
        requestId: '91af8b9e68b0-5',
      },
    },
  ],
  failed: 1,
}

export const produceRecords: RouteDescription = {
  method: 'POST',
  path: '/v1/topics/{topic}/records',
  operationId: 'produceRecords',
  tag: 'Records',
  summary: 'Write records to a topic',
  description:
    'Four kinds of body. `application/json`: a list of records. `application/x-ndjson`: one record ' +
    'a line, any number of them, answered line by line while you send; the last line is ' +
    '`{"done":true,"records":n,"failed":m}`, and without it the outcome behind the last result is ' +
    'unknown. A gateway that is stopping ends with `"done":false` and a problem: what is behind the ' +
    'last result was not written. CloudEvents 1.0, binary (`ce-` headers) or structured: the attributes become `ce_` ' +
    'headers. Any other content type: the body is one value, and the type is kept as a header.\n\n' +
    'A 200 means that every record is written as `acks` asks. The records of one request for one ' +
    'partition succeed as a prefix, none behind the first that failed. 207: some were written and ' +
    'some not; each that was not carries its problem. `acks=none` is answered 202 with unknown ' +
    'offsets.\n\nThe gateway sends records again when their leader moves or dies, or a connection ' +
    'to it breaks, and the log takes them once. At the end of `timeoutMs` those that may have been ' +
    'written fail with `"applied": "unknown"`, the others with `"applied": "no"`.\n\n' +
    'A repeat of the request writes the records again. After an error it is free of duplicates ' +
    'where the problem says `"applied": "no"`.',
  access: 'tenant',
  isolation: 'topic',
  params: TopicParams,
  query: ProduceQuery,
  body: {
    [JSON_TYPE]: {
      schema: Type.Object(
        { records: Type.Array(GivenRecord, { minItems: 1, maxItems: limits.bodyRecordsMax }) },
        CLOSED,
      ),
      example: { records: [record] },
    },
    [NDJSON_TYPE]: { schema: GivenRecord, example: record },
    [CLOUDEVENT_TYPE]: { schema: Type.Object({}), example: event },
    '*': { schema: Type.Unknown(), example: 'any bytes' },
  },
  responses: {
    200: {
      description: 'Written. For NDJSON: the results, line by line.',
      content: {
        [JSON_TYPE]: { schema: ProduceResults, example: results },
        [NDJSON_TYPE]: {
          schema: Type.Object({
            index: Type.Integer({ description: 'Of the line, blank lines not counted.' }),
            ...ProduceResult.properties,
            partition: Type.Optional(
              Type.Integer({ description: 'Absent for a line that is wrong.' }),
            ),
          }),
          example: { index: 0, partition: 3, offset: 41_209, timestamp: 1_764_000_000_000 },
        },
      },
    },
    202: {
      description: 'Taken with `acks=none`; nothing is known of the outcome.',
      content: {
        [JSON_TYPE]: {
          schema: ProduceResults,
          example: {
            results: [{ partition: 3, offset: null, timestamp: 1_764_000_000_000 }],
            failed: 0,
          },
        },
      },
    },
    207: {
      description: 'Some records were written and some were not.',
      content: { [JSON_TYPE]: { schema: ProduceResults, example: partialResults } },
    },
  },
  errors: [
    'TOPIC_NOT_FOUND',
    'INVALID_RECORD',
    'INVALID_TIMESTAMP',
    'RECORD_TOO_LARGE',
    'PARTIAL_PRODUCE',
    'NOT_IMPLEMENTED',
    'BUSY',
    'NOT_LEADER',
    'NOT_LEADER_AFTER_APPEND',
    'NOT_ENOUGH_REPLICAS',
    'NOT_ENOUGH_REPLICAS_AFTER_APPEND',
    'BROKER_UNAVAILABLE',
    'CONNECTION_LOST',
    'TIMED_OUT',
    'STORAGE_FULL',
    'STORAGE_OFFLINE',
    'STORAGE_FAILED',
  ],
}

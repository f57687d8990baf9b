import { Api } from '../api.ts'
import {
  array,
  int16,
  int32,
  int64,
  nullableString,
  records,
  since,
  string,
  struct,
} from '../schema.ts'

/**
 * ```
 * Produce Request (v3–v9) => transactional_id acks timeout_ms [topic_data]
 *   topic_data => name [partition_data]
 *     partition_data => index records
 * Produce Response => [responses] throttle_time_ms
 *   responses => name [partition_responses]
 *     partition_responses => index error_code base_offset log_append_time_ms
 *                            log_start_offset (v5+) [record_errors] error_message (v8+)
 * ```
 * With `acks` 0 there is no response at all. Between our services `name` is the topic's UUID.
 */
export const produceApi = new Api({
  key: 0,
  name: 'Produce',
  operation: 'write',
  versionMin: 3,
  versionMax: 9,
  flexibleSince: 9,
  request: struct({
    transactionalId: nullableString,
    acks: int16,
    timeoutMs: int32,
    topics: array(
      struct({ name: string, partitions: array(struct({ index: int32, records: records })) }),
    ),
  }),
  response: struct({
    topics: array(
      struct({
        name: string,
        partitions: array(
          struct({
            index: int32,
            errorCode: int16,
            baseOffset: int64,
            logAppendTimeMs: int64,
            logStartOffset: since(5, int64, -1),
            recordErrors: since(
              8,
              array(struct({ batchIndex: int32, message: nullableString })),
              [],
            ),
            errorMessage: since(8, nullableString, null),
          }),
        ),
      }),
    ),
    throttleTimeMs: int32,
  }),
})

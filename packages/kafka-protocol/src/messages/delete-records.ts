import { Api } from '../api.ts'
import { array, int16, int32, int64, string, struct } from '../schema.ts'

/**
 * ```
 * DeleteRecords Request (v0–v2) => [topics] timeout_ms
 *   topics => name [partitions]
 *     partitions => partition_index offset
 * DeleteRecords Response => throttle_time_ms [topics]
 *   topics => name [partitions]
 *     partitions => partition_index low_watermark error_code
 * ```
 * Records below `offset` are deleted; -1 stands for the high watermark. `low_watermark` is the new
 * log start offset.
 */
export const deleteRecordsApi = new Api({
  key: 21,
  name: 'DeleteRecords',
  operation: 'write',
  versionMin: 0,
  versionMax: 2,
  flexibleSince: 2,
  request: struct({
    topics: array(
      struct({
        name: string,
        partitions: array(struct({ partitionIndex: int32, offset: int64 })),
      }),
    ),
    timeoutMs: int32,
  }),
  response: struct({
    throttleTimeMs: int32,
    topics: array(
      struct({
        name: string,
        partitions: array(struct({ partitionIndex: int32, lowWatermark: int64, errorCode: int16 })),
      }),
    ),
  }),
})

import { Api } from '../api.ts'
import { array, int8, int16, int32, int64, since, string, struct } from '../schema.ts'

/** Special values of `timestamp` in a ListOffsets request. */
export const listOffsetsTimestamp = { latest: -1, earliest: -2, maxTimestamp: -3 } as const

/**
 * ```
 * ListOffsets Request (v1–v7) => replica_id isolation_level (v2+) [topics]
 *   topics => name [partitions]
 *     partitions => partition_index current_leader_epoch (v4+) timestamp
 * ListOffsets Response => throttle_time_ms (v2+) [topics]
 *   topics => name [partitions]
 *     partitions => partition_index error_code timestamp offset leader_epoch (v4+)
 * ```
 * A timestamp after the last record answers offset -1 and no error.
 */
export const listOffsetsApi = new Api({
  key: 2,
  name: 'ListOffsets',
  operation: 'read',
  versionMin: 1,
  versionMax: 7,
  flexibleSince: 6,
  request: struct({
    replicaId: int32,
    isolationLevel: since(2, int8, 0),
    topics: array(
      struct({
        name: string,
        partitions: array(
          struct({
            partitionIndex: int32,
            currentLeaderEpoch: since(4, int32, -1),
            timestamp: int64,
          }),
        ),
      }),
    ),
  }),
  response: struct({
    throttleTimeMs: since(2, int32, 0),
    topics: array(
      struct({
        name: string,
        partitions: array(
          struct({
            partitionIndex: int32,
            errorCode: int16,
            timestamp: int64,
            offset: int64,
            leaderEpoch: since(4, int32, -1),
          }),
        ),
      }),
    ),
  }),
})

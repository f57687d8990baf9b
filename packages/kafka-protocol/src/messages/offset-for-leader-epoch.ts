import { Api } from '../api.ts'
import { array, int16, int32, int64, since, string, struct } from '../schema.ts'

/**
 * ```
 * OffsetForLeaderEpoch Request (v2–v4) => replica_id (v3+) [topics]
 *   topics => topic [partitions]
 *     partitions => partition current_leader_epoch leader_epoch
 * OffsetForLeaderEpoch Response => throttle_time_ms [topics]
 *   topics => topic [partitions]
 *     partitions => error_code partition leader_epoch end_offset
 * ```
 * Answers the largest epoch that is not above `leader_epoch`, and the offset behind its last record
 * (KIP-101, KIP-320); -1 and -1 where the log knows of none.
 */
export const offsetForLeaderEpochApi = new Api({
  key: 23,
  name: 'OffsetForLeaderEpoch',
  operation: 'read',
  versionMin: 2,
  versionMax: 4,
  flexibleSince: 4,
  request: struct({
    replicaId: since(3, int32, -2),
    topics: array(
      struct({
        topic: string,
        partitions: array(
          struct({ partition: int32, currentLeaderEpoch: int32, leaderEpoch: int32 }),
        ),
      }),
    ),
  }),
  response: struct({
    throttleTimeMs: int32,
    topics: array(
      struct({
        topic: string,
        partitions: array(
          struct({ errorCode: int16, partition: int32, leaderEpoch: int32, endOffset: int64 }),
        ),
      }),
    ),
  }),
})

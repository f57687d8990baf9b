import { Api } from '../api.ts'
import {
  array,
  int8,
  int16,
  int32,
  int64,
  nullableArray,
  nullableString,
  records,
  since,
  string,
  struct,
  tagged,
} from '../schema.ts'

/**
 * ```
 * Fetch Request (v4–v12) => replica_id max_wait_ms min_bytes max_bytes isolation_level
 *                           session_id session_epoch (v7+) [topics] [forgotten_topics] (v7+)
 *                           rack_id (v11+) <cluster_id (tag 0)> <replica_state (tag 1)>
 *   topics => topic [partitions]
 *     partitions => partition current_leader_epoch (v9+) fetch_offset last_fetched_epoch (v12+)
 *                   log_start_offset (v5+) partition_max_bytes
 * Fetch Response => throttle_time_ms error_code session_id (v7+) [topics]
 *   topics => topic [partitions]
 *     partitions => partition error_code high_watermark last_stable_offset log_start_offset (v5+)
 *                   [aborted_transactions] preferred_read_replica (v11+) records
 *                   <diverging_epoch (tag 0)> <current_leader (tag 1)> <snapshot_id (tag 2)>
 * ```
 * A follower gives its broker epoch in `replica_state` (KIP-903). Kafka has that field from v15 on,
 * where topics have become binary UUIDs; a server that does not know the tag skips it.
 *
 * The answer waits until `min_bytes` are there or `max_wait_ms` have passed (long poll). The first
 * batch of the first partition that has one is returned whole, whatever the limits are.
 */
export const fetchApi = new Api({
  key: 1,
  name: 'Fetch',
  operation: 'read',
  versionMin: 4,
  versionMax: 12,
  flexibleSince: 12,
  request: struct({
    replicaId: int32,
    maxWaitMs: int32,
    minBytes: int32,
    maxBytes: int32,
    isolationLevel: int8,
    sessionId: since(7, int32, 0),
    sessionEpoch: since(7, int32, -1),
    topics: array(
      struct({
        topic: string,
        partitions: array(
          struct({
            partition: int32,
            currentLeaderEpoch: since(9, int32, -1),
            fetchOffset: int64,
            lastFetchedEpoch: since(12, int32, -1),
            logStartOffset: since(5, int64, -1),
            partitionMaxBytes: int32,
          }),
        ),
      }),
    ),
    forgottenTopics: since(7, array(struct({ topic: string, partitions: array(int32) })), []),
    rackId: since(11, string, ''),
    clusterId: tagged(12, 0, nullableString, null),
    replicaState: tagged(12, 1, struct({ replicaId: int32, replicaEpoch: int64 }), null),
  }),
  response: struct({
    throttleTimeMs: int32,
    errorCode: since(7, int16, 0),
    sessionId: since(7, int32, 0),
    topics: array(
      struct({
        topic: string,
        partitions: array(
          struct({
            partition: int32,
            errorCode: int16,
            highWatermark: int64,
            lastStableOffset: int64,
            logStartOffset: since(5, int64, -1),
            abortedTransactions: nullableArray(struct({ producerId: int64, firstOffset: int64 })),
            preferredReadReplica: since(11, int32, -1),
            records: records,
            divergingEpoch: tagged(12, 0, struct({ epoch: int32, endOffset: int64 }), null),
            currentLeader: tagged(12, 1, struct({ leaderId: int32, leaderEpoch: int32 }), null),
            snapshotId: tagged(12, 2, struct({ endOffset: int64, epoch: int32 }), null),
          }),
        ),
      }),
    ),
  }),
})

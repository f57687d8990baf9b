import { Api } from '../api.ts'
import { array, boolean, int32, int64, string, struct } from '../schema.ts'

/**
 * Ours, as HeaviestKeys is: what a broker has on its disk, whatever it thinks of the metadata.
 * After a restore of the metadata an operator learns from it who has the most, as KIP-966 does by
 * GetReplicaLogInfo; unlike that, it also tells of logs that nobody knows any more.
 *
 * ```
 * ReplicaLogs Request (v0) =>
 * ReplicaLogs Response => throttle_time_ms broker_id broker_epoch directory_id host port rack
 *                         is_serving is_intact [topics]
 *   topics => topic_id [partitions]
 *     partitions => partition_index last_epoch known_epoch log_end_offset is_leader is_damaged
 * ```
 * `broker_epoch` is the one in which the directory was last written. `last_epoch` is that of the
 * log, `known_epoch` the newest in which the broker leads, follows, or has written.
 */
export const replicaLogsApi = new Api({
  key: 10_001,
  name: 'ReplicaLogs',
  operation: 'read',
  versionMin: 0,
  versionMax: 0,
  flexibleSince: 0,
  request: struct({}),
  response: struct({
    throttleTimeMs: int32,
    brokerId: int32,
    brokerEpoch: int64,
    directoryId: string,
    host: string,
    port: int32,
    rack: string,
    isServing: boolean,
    isIntact: boolean,
    topics: array(
      struct({
        topicId: string,
        partitions: array(
          struct({
            partitionIndex: int32,
            lastEpoch: int32,
            knownEpoch: int32,
            logEndOffset: int64,
            isLeader: boolean,
            isDamaged: boolean,
          }),
        ),
      }),
    ),
  }),
})

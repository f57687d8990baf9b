import { Api } from '../api.ts'
import { array, int16, int32, int64, records, string, struct } from '../schema.ts'

/**
 * Ours, and optional: its number is far above those that Kafka assigns one by one, and a server
 * that serves it lists it in its answer to ApiVersions. Of any other server
 * `BrokerConnection.versionOf` says UNSUPPORTED_VERSION without asking.
 *
 * ```
 * HeaviestKeys Request (v0) => [topics] keys_max
 *   topics => name [partition_indexes]
 * HeaviestKeys Response => throttle_time_ms [topics]
 *   topics => name [partitions]
 *     partitions => partition_index error_code window_ms records bytes keyless_records
 *                   keyless_bytes unseen_records [keys]
 *       keys => key key_length records bytes missed_load
 * ```
 * `window_ms` is -1 where nothing was written since the leader's term began, or nothing is kept.
 * `key` may be the first bytes of one of `key_length`. `missed_load`: what the key may have had
 * beyond its records and bytes, at most, in parts of 10 000 of the partition's load.
 */
export const heaviestKeysApi = new Api({
  key: 10_000,
  name: 'HeaviestKeys',
  operation: 'read',
  versionMin: 0,
  versionMax: 0,
  flexibleSince: 0,
  request: struct({
    topics: array(struct({ name: string, partitionIndexes: array(int32) })),
    keysMax: int32,
  }),
  response: struct({
    throttleTimeMs: int32,
    topics: array(
      struct({
        name: string,
        partitions: array(
          struct({
            partitionIndex: int32,
            errorCode: int16,
            windowMs: int64,
            records: int64,
            bytes: int64,
            keylessRecords: int64,
            keylessBytes: int64,
            unseenRecords: int64,
            keys: array(
              struct({
                key: records,
                keyLength: int32,
                records: int64,
                bytes: int64,
                missedLoad: int32,
              }),
            ),
          }),
        ),
      }),
    ),
  }),
})

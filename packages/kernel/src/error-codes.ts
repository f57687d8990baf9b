/**
 * The one table of errors that leave a process. REST problems, gRPC statuses and Kafka error codes
 * are all made from a row of it, and `docs/reference/errors.md` is generated from it.
 *
 * - `http`: status of the problem (RFC 9457).
 * - `grpc`: numeric gRPC status. UNAVAILABLE (14) only where nothing was applied, because client
 *   libraries retry it by themselves.
 * - `kafka`: error code on the Kafka wire protocol.
 * - `retriable`: the same request may succeed later.
 * - `applied`: may the write have happened? A blind retry is free of duplicates only for `'no'`.
 */
export interface ErrorFacts {
  readonly http: number
  readonly grpc: number
  readonly kafka: number
  readonly retriable: boolean
  readonly applied: 'no' | 'unknown'
  readonly title: string
}

export const errorCodes = {
  // What the caller sent
  INVALID_ARGUMENT: row(400, 3, 42, 'final', 'no', 'The request is not valid'),
  INVALID_JSON: row(400, 3, 42, 'final', 'no', 'The body is not valid JSON'),
  INVALID_RECORD: row(400, 3, 87, 'final', 'no', 'A record is not valid'),
  INVALID_TIMESTAMP: row(400, 3, 32, 'final', 'no', 'The timestamp is out of range'),
  INVALID_TOPIC_NAME: row(400, 3, 17, 'final', 'no', 'The topic name is not legal'),
  INVALID_CONFIG: row(400, 3, 40, 'final', 'no', 'A topic setting is not valid'),
  INVALID_PARTITIONS: row(400, 3, 37, 'final', 'no', 'The partition count is not valid'),
  INVALID_REPLICATION_FACTOR: row(
    400,
    3,
    38,
    'final',
    'no',
    'The replication factor is not possible',
  ),
  UNSUPPORTED_MEDIA_TYPE: row(
    415,
    3,
    42,
    'final',
    'no',
    'The content type or encoding is not supported',
  ),
  NOT_ACCEPTABLE: row(406, 3, 42, 'final', 'no', 'No representation matches the Accept header'),
  PAYLOAD_TOO_LARGE: row(413, 3, 10, 'final', 'no', 'The request is larger than the limit'),
  HEADERS_TOO_LARGE: row(431, 3, 42, 'final', 'no', 'The headers are larger than the limit'),
  RECORD_TOO_LARGE: row(413, 3, 10, 'final', 'no', 'A record is larger than the topic allows'),
  CORRUPT_MESSAGE: row(400, 3, 2, 'final', 'no', 'A record batch failed its checks'),
  UNSUPPORTED_VERSION: row(400, 12, 35, 'final', 'no', 'The protocol version is not supported'),
  NOT_IMPLEMENTED: row(501, 12, 35, 'final', 'no', 'This is not implemented yet'),
  METHOD_NOT_ALLOWED: row(405, 12, 42, 'final', 'no', 'The method is not allowed on this route'),
  REQUEST_TIMEOUT: row(408, 4, 7, 'retriable', 'no', 'The request did not arrive in time'),
  // Who the caller is
  UNAUTHENTICATED: row(401, 16, 58, 'final', 'no', 'Credentials are missing or not valid'),
  PERMISSION_DENIED: row(403, 7, 29, 'final', 'no', 'The credential does not allow this'),
  // What the caller names
  ROUTE_NOT_FOUND: row(404, 5, 42, 'final', 'no', 'There is no such route'),
  TOPIC_NOT_FOUND: row(404, 5, 3, 'final', 'no', 'There is no such topic'),
  PARTITION_NOT_FOUND: row(404, 5, 3, 'final', 'no', 'There is no such partition'),
  API_KEY_NOT_FOUND: row(404, 5, 42, 'final', 'no', 'There is no such API key'),
  TENANT_NOT_FOUND: row(404, 5, 42, 'final', 'no', 'There is no such tenant'),
  GROUP_NOT_FOUND: row(404, 5, 69, 'final', 'no', 'There is no such consumer group'),
  TOPIC_ALREADY_EXISTS: row(409, 6, 36, 'final', 'no', 'A different topic of that name exists'),
  TENANT_ALREADY_EXISTS: row(409, 6, 42, 'final', 'no', 'A different tenant of that name exists'),
  OFFSET_OUT_OF_RANGE: row(416, 11, 1, 'final', 'no', 'The offset is outside the log'),
  // What members of groups hold
  INVALID_LEASE_TOKEN: row(400, 3, 42, 'final', 'no', 'The lease token is not valid here'),
  LEASE_EXPIRED: row(409, 10, 113, 'final', 'no', 'The member no longer holds what it names'),
  POLL_SUPERSEDED: row(409, 10, 82, 'final', 'no', 'A newer poll of the member has begun'),
  MEMBER_ID_IN_USE: row(409, 6, 82, 'final', 'no', 'Another principal uses the member id'),
  GROUP_FULL: row(409, 9, 81, 'retriable', 'no', 'The group has as many members as it may'),
  GROUP_NOT_EMPTY: row(409, 9, 68, 'retriable', 'no', 'The group has members'),
  NO_COMMITTED_OFFSET: row(409, 9, 1, 'final', 'no', 'A partition has no committed offset'),
  // What the service can do now
  BUSY: row(503, 14, 89, 'retriable', 'no', 'The service has no room for this now'),
  THROTTLED: row(429, 8, 89, 'retriable', 'no', 'The caller has used up its share'),
  NOT_LEADER: row(503, 14, 6, 'retriable', 'no', 'The partition has no leader here'),
  NOT_LEADER_AFTER_APPEND: row(
    503,
    2,
    6,
    'retriable',
    'unknown',
    'Leadership was lost after the append',
  ),
  NOT_ENOUGH_REPLICAS: row(503, 14, 19, 'retriable', 'no', 'Too few replicas are in sync'),
  NOT_ENOUGH_REPLICAS_AFTER_APPEND: row(
    503,
    2,
    20,
    'retriable',
    'unknown',
    'Too few replicas confirmed the append',
  ),
  FENCED_LEADER_EPOCH: row(
    503,
    14,
    74,
    'retriable',
    'no',
    'The leader epoch is older than the broker knows',
  ),
  UNKNOWN_LEADER_EPOCH: row(
    503,
    14,
    76,
    'retriable',
    'no',
    'The leader epoch is newer than the broker knows',
  ),
  OFFSET_NOT_AVAILABLE: row(503, 14, 78, 'retriable', 'no', 'The offset is not available yet'),
  BROKER_UNAVAILABLE: row(503, 14, 8, 'retriable', 'no', 'The broker cannot be reached'),
  NOT_COORDINATOR: row(503, 14, 16, 'retriable', 'no', 'The group has its coordinator elsewhere'),
  CONTROL_PLANE_UNAVAILABLE: row(
    503,
    14,
    15,
    'retriable',
    'no',
    'The control plane cannot be reached',
  ),
  STORAGE_FULL: row(507, 14, 89, 'retriable', 'no', 'The broker is out of disk space'),
  STORAGE_OFFLINE: row(503, 14, 56, 'retriable', 'no', 'The data directory is offline'),
  STORAGE_CORRUPT: row(500, 15, 2, 'final', 'no', 'A part of the log is damaged on the disk'),
  STORAGE_FAILED: row(503, 2, 56, 'retriable', 'unknown', 'The disk failed during the append'),
  SHUTTING_DOWN: row(503, 14, 8, 'retriable', 'no', 'The process is shutting down'),
  DUPLICATE_BROKER: row(409, 6, 101, 'retriable', 'no', 'Another live broker has this id'),
  STALE_BROKER_EPOCH: row(
    409,
    9,
    77,
    'final',
    'no',
    'A newer incarnation of this broker has registered',
  ),
  INELIGIBLE_REPLICA: row(409, 9, 107, 'retriable', 'no', 'A replica may not join those in sync'),
  INVALID_UPDATE_VERSION: row(409, 9, 95, 'final', 'no', 'The change was made from an old state'),
  BROKER_NOT_FOUND: row(404, 5, 102, 'final', 'no', 'There is no such broker'),
  BROKER_IN_USE: row(409, 9, 42, 'final', 'no', 'The broker is alive or has replicas'),
  INVALID_REPLICA_ASSIGNMENT: row(400, 3, 39, 'final', 'no', 'The replicas cannot be these'),
  REASSIGNMENT_IN_PROGRESS: row(409, 9, 60, 'retriable', 'no', 'The partition is moving already'),
  NO_REASSIGNMENT_IN_PROGRESS: row(409, 9, 85, 'final', 'no', 'The partition is not moving'),
  ELECTION_NOT_NEEDED: row(409, 9, 84, 'final', 'no', 'The partition has or can have a leader'),
  // Of idempotent producers, between gateways and brokers
  OUT_OF_ORDER_SEQUENCE_NUMBER: row(
    409,
    9,
    45,
    'final',
    'no',
    'The batch does not follow what the log has of its producer',
  ),
  DUPLICATE_SEQUENCE_NUMBER: row(
    500,
    2,
    46,
    'final',
    'unknown',
    'The batch was written before, nobody knows where',
  ),
  INVALID_PRODUCER_EPOCH: row(409, 9, 47, 'final', 'no', 'The producer has begun a newer epoch'),
  METADATA_ROLLBACK: row(503, 9, 41, 'final', 'no', 'The metadata is older than what is known'),
  // Where nobody can know
  TIMED_OUT: row(504, 4, 7, 'retriable', 'unknown', 'The outcome was not known in time'),
  CONNECTION_LOST: row(
    502,
    2,
    13,
    'retriable',
    'unknown',
    'The connection broke before the answer',
  ),
  PARTIAL_PRODUCE: row(
    502,
    2,
    87,
    'final',
    'unknown',
    'Some records were written and some were not',
  ),
  INTERNAL: row(500, 2, -1, 'final', 'unknown', 'Something went wrong inside'),
} as const satisfies Record<string, ErrorFacts>

export type ErrorCode = keyof typeof errorCodes

function row(
  http: number,
  grpc: number,
  kafka: number,
  retry: 'retriable' | 'final',
  applied: 'no' | 'unknown',
  title: string,
): ErrorFacts {
  return { http, grpc, kafka, retriable: retry === 'retriable', applied, title }
}

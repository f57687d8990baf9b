/**
 * Every maximum of the product, and how they relate. A request beyond one gets an error code of the
 * table; nothing is queued, allocated or parsed without a bound from here.
 * `docs/reference/limits.md` is generated from this file.
 */
import { assert } from './assert.ts'

const KIB = 1024
const MIB = 1024 * KIB

export const limits = {
  /** A record batch, header included, on the wire and on disk. Kafka's default is 1 MiB + 12. */
  batchBytesMax: 8 * MIB,
  /** Default of a topic's `maxMessageBytes`: the largest batch that it accepts. */
  batchBytesDefault: 1 * MIB + 12,
  /** Records in one batch. */
  batchRecordsMax: 100_000,
  /** What a compressed batch or body may become, in bytes. */
  decompressedBytesMax: 64 * MIB,
  /** A frame of the Kafka wire protocol between services, length prefix excluded. */
  frameBytesMax: 64 * MIB,
  /** A frame on a connection that has not yet sent ApiVersions. */
  frameBytesBeforeHandshakeMax: 64 * KIB,
  /** Array elements in one message of the wire protocol: each costs more memory than bytes. */
  frameElementsMax: 250_000,
  /** Requests of one connection that the broker holds unanswered; beyond, it stops reading. */
  requestsInFlightMax: 256,
  /** Bytes of unanswered requests of one connection; beyond, the broker stops reading. */
  requestBytesInFlightMax: 32 * MIB,
  /** Bytes of unanswered requests of all connections of a broker together. */
  requestBytesInFlightTotalMax: 512 * MIB,
  /** Memory for requests that have begun to arrive, of all connections of a broker together. */
  partialRequestBytesTotalMax: 256 * MIB,
  /** Open connections of a broker: of gateways, and of other brokers. */
  brokerConnectionsMax: 4_096,
  /** Requests that wait in a client for a place among those in flight on its connection. */
  requestsQueuedMax: 10_000,

  /** A JSON, CloudEvents or raw body of the REST API, after decompression, in bytes. */
  bodyBytesMax: 16 * MIB,
  /** Bodies of produces that a gateway reads and parses at one time, together. */
  bodiesBytesMax: 512 * MIB,
  /** A body of a management route. */
  managementBodyBytesMax: 1 * MIB,
  /** One line of an NDJSON body. */
  lineBytesMax: 8 * MIB,
  /** Records in one JSON body. */
  bodyRecordsMax: 50_000,
  /** Nesting of any JSON text that we parse. */
  jsonDepthMax: 32,
  /** Headers of one record, and the bytes of a header name. */
  recordHeadersMax: 256,
  headerNameBytesMax: 1 * KIB,
  /** How far ahead of the clock a client's timestamp may be (KIP-937). */
  timestampAheadMsMax: 3_600_000,

  /** A long poll of the REST API. */
  waitMsMax: 60_000,
  /** A wait inside the broker: the Kafka protocol has no cancel. */
  brokerWaitMsMax: 5_000,
  /** Bytes of records in one fetch answer, default and maximum. */
  fetchBytesDefault: 1 * MIB,
  fetchBytesMax: 32 * MIB,
  fetchRecordsMax: 10_000,
  /** Texts of batches that a gateway keeps for further readers: of one batch, and of all. */
  encodedBatchBytesMax: 4 * MIB,
  encodedBatchesBytesMax: 32 * MIB,
  /** Answers to reads that a gateway fetches, encodes or has not yet sent: of a tenant, in all. */
  readTenantBytesMax: 64 * MIB,
  readBytesMax: 256 * MIB,
  /** Reads that wait for room among these, and how long beyond their own `waitMs`. */
  readsWaitingTenantMax: 4_096,
  readsWaitingMax: 16_384,
  readRoomMsMax: 10_000,
  /** Bytes of records in one answer to a follower, and of one partition in it. */
  replicaFetchBytesMax: 16 * MIB,
  replicaFetchPartitionBytesMax: 4 * MIB,
  /** How long a follower's fetch waits for records. */
  replicaFetchWaitMsMax: 500,
  /** How long a broker keeps the log of a replica that has moved to others. */
  removedReplicaKeptMs: 600_000,
  /** How long a produce may wait for its acknowledgement. */
  produceTimeoutMsDefault: 30_000,
  produceTimeoutMsMax: 120_000,
  /** How long a gateway sends a batch again of which nobody knows whether it was written. */
  deliveryTimeoutMs: 120_000,
  /** How long one try to have it written waits for its answer. */
  produceTryMsMax: 30_000,
  /** What a gateway that stops gives batches that nobody waits for any more. */
  deliveryDrainMsMax: 5_000,

  /** Bytes that wait in a gateway for brokers: for one partition, for one tenant, in all. */
  accumulatorPartitionBytesMax: 16 * MIB,
  accumulatorTenantBytesMax: 64 * MIB,
  accumulatorBytesMax: 256 * MIB,

  /** Names (Kafka's rule for topics). */
  topicNameLengthMax: 249,
  tenantNameLengthMax: 63,
  apiKeyNameLengthMax: 128,
  partitionsPerTopicMax: 10_000,
  partitionsPerTenantMax: 100_000,
  apiKeysPerTenantMax: 10_000,
  replicationFactorMax: 15,
  /** Consumer groups: names, members, and what a member subscribes to. */
  groupNameLengthMax: 249,
  memberIdLengthMax: 64,
  membersPerGroupMax: 1_000,
  subscribedTopicsMax: 1_000,
  subscriptionPatternLengthMax: 512,
  /** A lease token, in characters: some 14 for each partition with an uncommitted position. */
  leaseTokenLengthMax: 512 * KIB,
  /** What a commit may say of itself, in characters. */
  commitMetadataLengthMax: 1_024,
  /** How long a member may be silent, least, default and most. */
  sessionTimeoutMsMin: 6_000,
  sessionTimeoutMsDefault: 45_000,
  sessionTimeoutMsMax: 1_800_000,
  /** How long a member may keep partitions that are to move (Kafka's default). */
  rebalanceTimeoutMsMin: 1_000,
  rebalanceTimeoutMsDefault: 300_000,
  rebalanceTimeoutMsMax: 3_600_000,
  /** What a member on a gRPC stream may have given leave to send, at most. */
  creditRecordsMax: 10_000_000,
  creditBytesMax: 1_024 * MIB,
  /** What a group remembers for people: so many incidents, for so long. */
  groupIncidentsMax: 100,
  groupIncidentKeptMs: 3_600_000,
  /** Reasons why a group lags, in one answer. */
  groupFindingsMax: 50,
  groupsPerTenantMax: 10_000,
  /** What a client says of itself. */
  clientTextLengthMax: 256,
  /** What may be stored beside a committed offset, in bytes of UTF-8 (Kafka's default). */
  offsetMetadataBytesMax: 4_096,
  /** A group without members for so long loses its offsets (Kafka's default). */
  groupOffsetsKeptMs: 604_800_000,
  /** Items of one list answer, default and maximum. */
  listLimitDefault: 100,
  listLimitMax: 1_000,

  /** A request line with all headers, in bytes. */
  headerBytesMax: 16 * KIB,
  /** How long the headers of a request, and a body that is read as a whole, may take to arrive. */
  headersMsMax: 20_000,
  bodyMsMax: 60_000,
  /** A connection on which nothing moves in either direction is closed after this. */
  connectionIdleMsMax: 180_000,
  /** What is read and dropped of a body that was refused unread, so that its answer is heard. */
  lingerMsMax: 15_000,
  lingerBytesMax: 64 * MIB,
  /** Open HTTP connections of a gateway: in all, and from one address. */
  connectionsMax: 16_384,
  connectionsPerAddressMax: 4_096,
  /** Names that the gateway does not know and asks the control plane for, a second and caller. */
  unknownNamesPerSecondMax: 10,
  /** What a request may take that goes to the control plane. */
  controlPlaneTimeoutMs: 15_000,
  /** How long the creation of a topic waits until its partitions serve; then it answers 202. */
  createTimeoutMsDefault: 15_000,
  createTimeoutMsMax: 60_000,

  /** Of one control plane: connections to PostgreSQL, and transactions that wait for one. */
  databaseConnectionsMax: 10,
  databaseWaitingMax: 1_000,
  /** One statement of a transaction, its wait for locks included. */
  statementMsMax: 10_000,
  /** Partitions whose leaderships or in-sync replicas change in one transaction. */
  electionsPerTransactionMax: 500,
  /** Of a coordinator of groups: transactions at the same time, changes in one, and that wait. */
  groupTransactionsMax: 2,
  groupWritesPerTransactionMax: 1_000,
  groupWritesWaitingMax: 50_000,
  /** Calls that wait for one group. */
  groupCallsWaitingMax: 5_000,
  /** Partitions of groups whose lag a coordinator samples, and those of them that it exports. */
  lagPositionsMax: 50_000,
  lagSeriesMax: 10_000,
  /** What a gateway has not yet been told of its members' polls; beyond, its watch begins anew. */
  memberEventsWaitingMax: 10_000,
  /** Epochs of a broker, begun on its intact disk since it was active, that vouch for that disk. */
  vouchedEpochsMax: 64,
  /** Idempotent producers that a partition remembers; beyond, the longest idle is forgotten. */
  producersPerPartitionMax: 4_096,
  /** How long a partition remembers a producer that appends no more (Kafka's default). */
  producerIdleMsMax: 86_400_000,
  /** Producer ids that a broker gets at a time, to give out while the control plane is away. */
  producerIdsPerBlock: 1_000,
  /** Changes of metadata in one message; a watcher that missed more gets a snapshot in parts. */
  feedEntriesPerMessageMax: 50_000,
  /** Changes that a control plane keeps as they came, for watchers that are a little behind. */
  feedEntriesKeptMax: 20_000,
  /** Heaviest keys: kept of a partition, in an answer, and of each so many bytes. */
  sketchedKeysMax: 64,
  heaviestKeysMax: 16,
  sketchedKeyBytesMax: 256,
  /** Partitions of a broker whose heaviest keys are kept: some 40 KiB each. */
  sketchedPartitionsMax: 1_024,
  /** A broker's advertised host, and the label of its rack. */
  hostLengthMax: 253,
  rackLengthMax: 128,

  /** How long a process may take to drain after the first signal; then it ends with an error. */
  shutdownMsMax: 30_000,

  /** A wait for memory or a queue place tells the caller to come back after this. */
  retryAfterMs: 1_000,
  /** The gateway asks the control plane for an unknown name at most once in this time. */
  negativeCacheMs: 1_000,
} as const

assert(limits.batchBytesDefault <= limits.batchBytesMax)
assert(limits.batchBytesMax <= limits.lineBytesMax)
assert(limits.lineBytesMax <= limits.bodyBytesMax, 'every line could have been a body')
assert(limits.batchBytesMax < limits.frameBytesMax, 'a frame holds the largest batch')
assert(limits.bodyBytesMax <= limits.decompressedBytesMax)
assert(limits.bodyBytesMax <= limits.bodiesBytesMax)
assert(limits.batchBytesMax <= limits.fetchBytesMax, 'a fetch can return any one batch')
assert(limits.replicaFetchPartitionBytesMax <= limits.replicaFetchBytesMax)
assert(limits.replicaFetchBytesMax <= limits.fetchBytesMax)
assert(limits.replicaFetchWaitMsMax <= limits.brokerWaitMsMax)
assert(limits.batchBytesMax <= limits.accumulatorPartitionBytesMax)
assert(limits.encodedBatchBytesMax < limits.encodedBatchesBytesMax)
assert(2 * limits.fetchBytesMax <= limits.readTenantBytesMax, 'the largest fetch and its text fit')
assert(2 * limits.readTenantBytesMax <= limits.readBytesMax, 'one tenant leaves room for others')
assert(2 * limits.readsWaitingTenantMax <= limits.readsWaitingMax, 'and places in the queue')
assert(limits.waitMsMax + limits.readRoomMsMax < limits.connectionIdleMsMax)
assert(limits.accumulatorPartitionBytesMax <= limits.accumulatorTenantBytesMax)
assert(limits.accumulatorTenantBytesMax <= limits.accumulatorBytesMax)
assert(limits.requestBytesInFlightMax >= limits.batchBytesMax)
assert(limits.requestBytesInFlightMax <= limits.requestBytesInFlightTotalMax)
assert(limits.waitMsMax < limits.connectionIdleMsMax, 'a long poll is not an idle connection')
assert(limits.produceTimeoutMsMax < limits.connectionIdleMsMax, 'nor is a produce that waits')
assert(limits.produceTryMsMax < limits.deliveryTimeoutMs, 'a batch has more than one try')
assert(limits.produceTryMsMax <= limits.produceTimeoutMsMax, 'brokers wait as long')
assert(limits.deliveryDrainMsMax < limits.shutdownMsMax)
assert(limits.connectionsPerAddressMax <= limits.connectionsMax)
assert(limits.bodyBytesMax < limits.lingerBytesMax, 'who sends a little too much hears of it')
assert(limits.lingerMsMax < limits.shutdownMsMax)
assert(limits.waitMsMax < limits.sessionTimeoutMsMax)
assert(limits.statementMsMax < limits.controlPlaneTimeoutMs, 'a caller hears why it failed')

import type { Clock } from '@courant/kernel'
import type { LogDirectory, LogDirectoryMetrics } from '@courant/log'
import type { Metrics } from '@courant/service-kit'
import type { KeySampling } from './keys/key-sampling.ts'
import type { PartitionRegistry } from './partition/partition-registry.ts'
import type { Traffic } from './partition/traffic.ts'
import type { RequestCounts } from './request-counts.ts'
import type { Deadlines } from './rpc/deadlines.ts'
import type { RequestServer } from './rpc/request-server.ts'

export interface ObservedParts {
  readonly clock: Clock
  readonly logs: LogDirectory
  readonly traffic: Traffic
  readonly keySampling: KeySampling
  readonly counts: RequestCounts
  readonly partitions: PartitionRegistry
  readonly server: RequestServer
  readonly longPolls: Deadlines
}

const APIS_MAX = 32
const ERRORS_MAX = 64

/** Shows what the broker counts anyway; nothing on the data path knows of metrics. */
export function observeBroker(metrics: Metrics, parts: ObservedParts): void {
  observeRequests(metrics, parts)
  observePartitions(metrics, parts)
  observeReplication(metrics, parts)
  observeLogs(metrics, parts)
}

function observeRequests(metrics: Metrics, parts: ObservedParts): void {
  const { counts, traffic, server, longPolls } = parts
  metrics.observeCounts(
    {
      name: 'courant_broker_requests_total',
      help: 'Requests that were answered, by API and by the first error in the answer.',
      labels: { api: APIS_MAX, error: ERRORS_MAX },
    },
    function* () {
      for (const { api, error, count } of counts.entries()) yield { labels: { api, error }, count }
    },
  )
  const total = (name: string, help: string, read: () => number) =>
    metrics.observeCounts({ name, help, labels: {} }, () => [{ labels: {}, count: read() }])
  total('courant_broker_produced_batches_total', 'Batches appended.', () => traffic.producedBatches)
  total('courant_broker_produced_records_total', 'Records appended.', () => traffic.producedRecords)
  total('courant_broker_produced_bytes_total', 'Bytes appended.', () => traffic.producedBytes)
  total(
    'courant_broker_duplicate_batches_total',
    'Batches that idempotent producers have sent again.',
    () => traffic.duplicateBatches,
  )
  total('courant_broker_fetched_bytes_total', 'Bytes of records read.', () => traffic.fetchedBytes)
  total(
    'courant_broker_connections_refused_total',
    'Connections beyond the limit.',
    () => server.refusedCount,
  )
  gauge(metrics, 'connections', 'Open connections.', () => server.connectionCount)
  gauge(
    metrics,
    'unanswered_request_bytes',
    'Bytes of requests that are not answered yet.',
    () => server.unansweredBytes,
  )
  gauge(metrics, 'long_polls', 'Fetches that wait for records.', () => longPolls.count)
}

function observePartitions(metrics: Metrics, { partitions, keySampling }: ObservedParts): void {
  const leading = () => {
    let count = 0
    for (const { state } of partitions.all()) if (state === 'leading') count += 1
    return count
  }
  gauge(metrics, 'partitions_leading', 'Partitions that this broker leads.', leading)
  gauge(
    metrics,
    'partitions_starting',
    'Partitions about to be led.',
    () => partitions.startingCount,
  )
  gauge(
    metrics,
    'partitions_sketched',
    'Led partitions whose heaviest keys are kept.',
    () => keySampling.partitionCount,
  )
  gauge(metrics, 'partitions_stray', 'Logs of unknown topics, kept.', () => partitions.strayCount)
}

function observeReplication(metrics: Metrics, { clock, partitions, traffic }: ObservedParts): void {
  const look = sampled(clock, () => replicationNow(partitions, clock.monotonicMs()))
  gauge(
    metrics,
    'partitions_under_replicated',
    'Led partitions of which a replica is not in sync.',
    () => look().underReplicated,
  )
  gauge(
    metrics,
    'partitions_under_min_isr',
    'Led partitions that refuse acks=all: too few replicas are in sync.',
    () => look().underMinIsr,
  )
  gauge(
    metrics,
    'partitions_following',
    'Partitions that follow another leader.',
    () => look().following,
  )
  gauge(
    metrics,
    'replica_lag_seconds',
    'The longest time that an in-sync follower of this leader has been behind.',
    () => look().lagMs / 1_000,
  )
  gauge(
    metrics,
    'partitions_throttled',
    'Partitions that are being added to this broker and wait for the throttle of reassignments.',
    () => traffic.throttledPartitions(),
  )
  const counters = {
    replicatedInBytes: ['replicated_in_bytes_total', 'Bytes fetched from leaders.'],
    reassignedInBytes: [
      'reassigned_in_bytes_total',
      'Of those, bytes for partitions that were being added to this broker.',
    ],
    replicatedOutBytes: ['replicated_out_bytes_total', 'Bytes that followers have fetched.'],
    isrShrinks: ['isr_shrinks_total', 'Changes that took replicas out of the in-sync ones.'],
    isrExpands: ['isr_expands_total', 'Changes that let replicas in.'],
  } as const
  for (const [key, [name, help]] of Object.entries(counters)) {
    metrics.observeCounts({ name: `courant_broker_${name}`, help, labels: {} }, () => [
      { labels: {}, count: traffic[key as keyof typeof counters] },
    ])
  }
}

function replicationNow(partitions: PartitionRegistry, nowMs: number) {
  const now = { underReplicated: 0, underMinIsr: 0, following: 0, lagMs: 0 }
  for (const { state, leadership } of partitions.all()) {
    if (state === 'following') now.following += 1
    if (leadership === null) continue
    const { replicas } = leadership
    if (replicas.hasOutsiders) now.underReplicated += 1
    if (replicas.isUnderMinIsr) now.underMinIsr += 1
    now.lagMs = Math.max(now.lagMs, replicas.lagMs(nowMs))
  }
  return now
}

/** Gauges by the name of what the log directory tells. */
const LOG_GAUGES = {
  partitions: ['log_partitions', 'Partition logs in the data directory.'],
  ringBytes: ['ring_size_bytes', 'Size of the write-ahead ring.'],
  ringUsedBytes: ['ring_used_bytes', 'Bytes of the ring that no checkpoint has freed.'],
  ringQueuedBytes: ['ring_queued_bytes', 'Bytes on their way to the ring.'],
  dirtyPartitions: ['dirty_partitions', 'Partitions with records that are only in the ring.'],
  checkpointLagCycles: ['checkpoint_lag_cycles', 'Cycles of the ring that wait for a checkpoint.'],
  tailCacheBytes: ['tail_cache_bytes', 'Batches kept in memory for readers.'],
  openFiles: ['open_files', 'Descriptors of segment files.'],
  freeBytes: ['disk_free_bytes', 'Free space of the disk.'],
  corruptPartitions: ['corrupt_partitions', 'Partitions in which a read found damage.'],
} as const satisfies Partial<Record<keyof LogDirectoryMetrics, readonly [string, string]>>

const LOG_COUNTERS = {
  fileReads: ['file_reads_total', 'Reads of records that memory did not hold.'],
  ringCycles: ['ring_cycles_total', 'Writes to the ring, each with one sync.'],
  ringWrittenBytes: ['ring_written_bytes_total', 'Bytes written to the ring.'],
  checkpointRounds: ['checkpoint_rounds_total', 'Rounds of checkpoints.'],
  checkpointedPartitions: ['checkpointed_partitions_total', 'Partitions saved by checkpoints.'],
  checkpointedBytes: ['checkpointed_bytes_total', 'Bytes written to segment files.'],
} as const satisfies Partial<Record<keyof LogDirectoryMetrics, readonly [string, string]>>

function observeLogs(metrics: Metrics, { clock, logs }: ObservedParts): void {
  const read = sampled(clock, () => logs.metrics())
  for (const [key, [name, help]] of Object.entries(LOG_GAUGES)) {
    gauge(metrics, name, help, () => read()[key as keyof typeof LOG_GAUGES])
  }
  for (const [key, [name, help]] of Object.entries(LOG_COUNTERS)) {
    metrics.observeCounts({ name: `courant_broker_${name}`, help, labels: {} }, () => [
      { labels: {}, count: read()[key as keyof typeof LOG_COUNTERS] },
    ])
  }
  gauge(metrics, 'storage_offline', 'The data directory failed: 1, else 0.', () =>
    read().state === 'offline' ? 1 : 0,
  )
}

function gauge(metrics: Metrics, name: string, help: string, read: () => number): void {
  metrics.observe({ name: `courant_broker_${name}`, help }, read)
}

/** One scrape asks many times; the answer takes a walk over all partitions. */
function sampled<Value>(clock: Clock, read: () => Value): () => Value {
  let value: Value | null = null
  let atMs = 0
  return () => {
    const nowMs = clock.monotonicMs()
    if (value === null || nowMs - atMs > 100) {
      value = read()
      atMs = nowMs
    }
    return value
  }
}

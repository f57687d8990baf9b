/** The feed as the control plane reads it from its tables, for its own FeedState. */
import type { MetadataEntry } from '@courant/api/internal/v1/metadata'
import { apiKeyWire } from '../../../src/api-keys/api-key-wire.ts'
import { brokerWire } from '../../../src/brokers/broker-wire.ts'
import type { FeedEntry } from '../../../src/feed/read-entries.ts'
import type { FeedReading } from '../../../src/feed/read-feed.ts'
import { wentBack } from '../../../src/rollback/standing.ts'
import type { ChangeKind } from '../../../src/schema/cluster.ts'
import { tenantWire } from '../../../src/tenants/tenant-wire.ts'
import { partitionWire, topicWire } from '../../../src/topics/topic-wire.ts'
import { type ChangeRow, ONLY_ROW } from './cluster-state.ts'
import { standingOf } from './require-current.ts'
import { changeKey, metaOf, type Transaction, transaction, type Work } from './transaction.ts'

/** One consistent reading: where the feed stands, and all that changed after `since`. */
export function readFeed(since: number): Work<FeedReading> {
  return transaction((within) => {
    const { clusterId, clusterIncarnation, metadataVersion, feedFloor } = metaOf(within)
    const head = {
      ...{ clusterId, clusterIncarnation, metadataVersion, feedFloor },
      wentBack: wentBack(standingOf(within)),
    }
    return { head, entries: metadataVersion > since ? readEntries(within, since) : [] }
  })
}

type Value = MetadataEntry['value']

const READERS: Readonly<Record<ChangeKind, (within: Transaction, key: string) => Value>> = {
  tenant: ({ state }, key) => {
    const row = state.tenants.get(key)
    return row && { $case: 'tenant', value: tenantWire(row) }
  },
  api_key: ({ state }, key) => {
    const row = state.apiKeys.get(key)
    return row && { $case: 'apiKey', value: apiKeyWire(row) }
  },
  broker: (within, key) => {
    const row = within.state.brokers.get(Number(key))
    const { reassignmentBytesPerSecond } = metaOf(within)
    return row && { $case: 'broker', value: brokerWire(row, reassignmentBytesPerSecond) }
  },
  topic: ({ state }, key) => {
    const row = state.topics.get(key)
    return row && { $case: 'topic', value: topicWire(row) }
  },
  partition: ({ state }, key) => {
    const row = state.partitions.get(key)
    return row && { $case: 'partition', value: partitionWire(row) }
  },
}

/** In an order that a receiver can apply: what is gone first, partitions after their topics. */
const ORDER = ['deleted', 'tenant', 'api_key', 'broker', 'topic', 'partition']

function readEntries(within: Transaction, since: number): FeedEntry[] {
  const groups: Record<string, FeedEntry[]> = {}
  for (const change of within.state.changes.values()) {
    if (change.version <= since) continue
    const entry = entryOf(within, change)
    if (entry === null) continue
    const group = change.deletedAtMs === null ? change.kind : 'deleted'
    groups[group] ??= []
    groups[group].push(entry)
  }
  return ORDER.flatMap((group) => groups[group] ?? [])
}

function entryOf(within: Transaction, change: ChangeRow): FeedEntry | null {
  const { kind, key, version } = change
  const value: Value =
    change.deletedAtMs === null ? READERS[kind](within, key) : { $case: 'deleted', value: { kind } }
  return value === undefined ? null : { kind, entry: { version, key, value } }
}

/** Forgets what was deleted longer ago, but for the tombstones of topics (B1.3). */
export function forgetDeletions(olderThanMs: number): Work<void> {
  return transaction((within) => {
    const { meta, changes } = within.state
    const head = metaOf(within)
    let { feedFloor } = head
    for (const change of [...changes.values()]) {
      const { kind, deletedAtMs, version } = change
      if (kind === 'topic' || deletedAtMs === null) continue
      if (deletedAtMs >= within.nowMs - olderThanMs) continue
      changes.delete(changeKey(change))
      feedFloor = Math.max(feedFloor, version)
    }
    meta.set(ONLY_ROW, { ...head, feedFloor })
  })
}

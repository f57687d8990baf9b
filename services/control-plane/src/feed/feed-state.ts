import type { ChangeSet, MetadataEntry } from '@courant/api/internal/v1/metadata'
import { limits } from '@courant/kernel'
import { type FeedAudience, isFor } from './audience.ts'
import type { FeedEntry } from './read-entries.ts'
import { type DigestSums, RunningDigest } from './running-digest.ts'

/** All that changed from one version to the next that we read. */
interface RecentSet {
  readonly from: number
  readonly version: number
  readonly entries: readonly FeedEntry[]
  readonly forAudience: Partial<Record<FeedAudience, ChangeSet>>
}

/**
 * The control plane's copy of the feed at one version: the newest entry of every thing. All
 * watchers are served from it, whatever version they are at, so the database is read once however
 * many they are, and a slow watcher costs nothing: it just gets the sum of what it missed.
 */
export class FeedState {
  /** By `<kind>/<key>`. Entries are never changed, only replaced. */
  readonly #entries = new Map<string, FeedEntry>()
  readonly #digest = new RunningDigest()
  #recent: RecentSet[] = []
  #recentEntries = 0
  #version: number
  #floor: number

  constructor(version: number, floor: number, entries: readonly FeedEntry[]) {
    this.#version = version
    this.#floor = floor
    for (const entry of entries) this.#apply(entry)
  }

  get version(): number {
    return this.#version
  }

  /** Whoever is behind this version may have missed a deletion that nobody remembers. */
  get floor(): number {
    return this.#floor
  }

  get digest(): DigestSums {
    return this.#digest.sums
  }

  advance(version: number, floor: number, entries: readonly FeedEntry[]): void {
    for (const entry of entries) this.#apply(entry)
    this.#recent.push({ from: this.#version, version, entries, forAudience: {} })
    this.#recentEntries += entries.length
    while (this.#recentEntries > limits.feedEntriesKeptMax && this.#recent.length > 1) {
      this.#recentEntries -= this.#recent.shift()?.entries.length ?? 0
    }
    this.#version = version
    this.#forgetDeletions(floor)
  }

  /** The next step of a watcher behind `since`; null when there is nothing newer. */
  changesSince(since: number, audience: FeedAudience): ChangeSet | null {
    if (since >= this.#version) return null
    const set = this.#recentBehind(since)
    if (set !== null) return changeSetOf(set, audience)
    const missed = this.snapshot(audience).filter((entry) => entry.version > since)
    return { version: this.#version, entries: missed }
  }

  /** Everything of now, in an order that a receiver can apply. Later changes do not show in it. */
  snapshot(audience: FeedAudience): MetadataEntry[] {
    const byKind: Record<string, MetadataEntry[]> = {}
    for (const { kind, entry } of this.#entries.values()) {
      if (!isFor(audience, kind)) continue
      const group = entry.value?.$case === 'deleted' ? 'deleted' : kind
      byKind[group] ??= []
      byKind[group].push(entry)
    }
    return ORDER.flatMap((group) => byKind[group] ?? [])
  }

  /** The kept set that leads on from a version. Most watchers are at the end, so begin there. */
  #recentBehind(since: number): RecentSet | null {
    return this.#recent.findLast(({ from }) => from <= since) ?? null
  }

  #apply(next: FeedEntry): void {
    const { kind, entry } = next
    const id = `${kind}/${entry.key}`
    const known = this.#entries.get(id)
    if (known !== undefined && known.entry.version >= entry.version) return
    if (known !== undefined) this.#discount(known)
    this.#entries.set(id, next)
    if (entry.value?.$case !== 'deleted') this.#digest.add(kind, entry.key, entry.version)
    else if (kind === 'topic') this.#dropPartitions(entry.key, known)
  }

  /** A topic's deletion stands for its partitions', which are gone from the feed with it. */
  #dropPartitions(topicId: string, known: FeedEntry | undefined): void {
    const value = known?.entry.value
    const count = value?.$case === 'topic' ? value.value.partitionCount : 0
    for (let index = 0; index < count; index++) {
      const id = `partition/${topicId}/${index}`
      const partition = this.#entries.get(id)
      if (partition === undefined) continue
      this.#discount(partition)
      this.#entries.delete(id)
    }
  }

  #discount({ kind, entry }: FeedEntry): void {
    if (entry.value?.$case === 'deleted') return
    this.#digest.subtract(kind, entry.key, entry.version)
  }

  /** Tombstones of topics stay for ever (B1.3). */
  #forgetDeletions(floor: number): void {
    if (floor <= this.#floor) return
    this.#floor = floor
    for (const [id, { kind, entry }] of this.#entries) {
      const isOld = entry.value?.$case === 'deleted' && entry.version <= floor
      if (isOld && kind !== 'topic') this.#entries.delete(id)
    }
  }
}

const ORDER = ['deleted', 'tenant', 'api_key', 'broker', 'topic', 'partition']

function changeSetOf(set: RecentSet, audience: FeedAudience): ChangeSet {
  const known = set.forAudience[audience]
  if (known !== undefined) return known
  const entries = set.entries.filter(({ kind }) => isFor(audience, kind)).map(({ entry }) => entry)
  const fresh = { version: set.version, entries }
  set.forAudience[audience] = fresh
  return fresh
}

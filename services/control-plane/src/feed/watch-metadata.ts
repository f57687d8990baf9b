import type { WatchMetadataRequest, WatchMetadataResponse } from '@courant/api/internal/v1/metadata'
import { limits } from '@courant/kernel'
import type { Cluster } from '../cluster.ts'
import { audienceOf, type FeedAudience } from './audience.ts'
import type { FeedState } from './feed-state.ts'
import type { MetadataFeed, PublishedDigest } from './metadata-feed.ts'

/** Entries of one part of a snapshot: some 200 KiB, so that it holds nobody up. */
const CHUNK_ENTRIES = 2_000

type Event = NonNullable<WatchMetadataResponse['event']>

/** What a watch needs of the feed and of the cluster; a simulation has these of its own. */
export interface Watched {
  readonly feed: Pick<MetadataFeed, 'state' | 'digest' | 'isStopping' | 'changed' | 'atLeast'>
  readonly cluster: Pick<Cluster, 'identity'>
}

/**
 * One watcher's stream (B1.6): a snapshot if it needs one, then sets of changes in the order of
 * their versions, and now and then a digest. What a watcher costs is its position: while it is slow
 * nothing is kept for it, and the next thing that it gets is the sum of what it missed; a snapshot
 * in parts, if that is too much for one message.
 */
export async function* watchMetadata(
  parts: Watched,
  request: WatchMetadataRequest,
  signal: AbortSignal,
): AsyncGenerator<WatchMetadataResponse, void, undefined> {
  const { feed, cluster } = parts
  const audience = audienceOf(request.audience)
  if (request.sinceVersion > feed.state.version) {
    // Another control plane was faster, or the database went back in time: the watcher will tell.
    await feed.atLeast(request.sinceVersion, CATCH_UP_MS)
  }
  let state = feed.state
  let position = resumesAt(request, cluster, state)
  // An answer at once, also when there is nothing new.
  if (position !== null) yield respond(cluster, emptyChanges(position))
  let sent: PublishedDigest | null = null
  while (!signal.aborted && !feed.isStopping) {
    if (state !== feed.state) {
      state = feed.state
      position = null
    }
    if (position === null) {
      position = state.version
      for (const chunk of chunksOf(state, audience)) yield respond(cluster, chunk)
      continue
    }
    const changes = state.changesSince(position, audience)
    if (changes !== null && changes.entries.length > limits.feedEntriesPerMessageMax) {
      position = null
      continue
    }
    if (changes !== null) {
      position = changes.version
      yield respond(cluster, { $case: 'changes', value: changes })
      continue
    }
    const { digest } = feed
    if (digest !== null && digest !== sent && digest.version === position) {
      sent = digest
      yield respond(cluster, digestEvent(digest, audience))
      continue
    }
    await feed.changed(signal)
  }
}

const CATCH_UP_MS = 2_000

/** The version from which changes suffice; null when only a snapshot will do. */
function resumesAt(
  request: WatchMetadataRequest,
  { identity }: Watched['cluster'],
  state: FeedState,
): number | null {
  const isSame =
    request.clusterId === identity.clusterId &&
    request.clusterIncarnation === identity.clusterIncarnation
  const { sinceVersion } = request
  const canResume = sinceVersion >= state.floor && sinceVersion <= state.version
  return isSame && sinceVersion > 0 && canResume ? sinceVersion : null
}

function respond({ identity }: Watched['cluster'], event: Event): WatchMetadataResponse {
  const { clusterId, clusterIncarnation } = identity
  return { clusterId, clusterIncarnation, event }
}

function emptyChanges(version: number): Event {
  return { $case: 'changes', value: { version, entries: [] } }
}

function digestEvent({ version, sums }: PublishedDigest, audience: FeedAudience): Event {
  return { $case: 'digest', value: { version, sum: sums[audience] } }
}

/** At least one: an empty cluster has a version too. */
function* chunksOf(state: FeedState, audience: FeedAudience): Generator<Event, void, undefined> {
  const { version } = state
  const entries = state.snapshot(audience)
  for (let from = 0; from === 0 || from < entries.length; from += CHUNK_ENTRIES) {
    const chunk = entries.slice(from, from + CHUNK_ENTRIES)
    const last = from + CHUNK_ENTRIES >= entries.length
    yield { $case: 'snapshot', value: { entries: chunk, version, last } }
  }
}

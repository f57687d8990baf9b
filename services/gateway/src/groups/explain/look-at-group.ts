import type {
  DescribeGroupResponse,
  GroupMember,
  GroupPartition,
} from '@courant/api/internal/v1/group'
import { BusError, type Clock, topicId, wait } from '@courant/kernel'
import { type HeaviestKeys, heaviestKeys } from '../../keys/heaviest-keys.ts'
import type { Leaders } from '../../routing/leaders.ts'
import { findOffset } from '../../routing/partition-offsets.ts'
import { incidentName } from '../incident-name.ts'
import { type Lag, lagsOf } from '../lag/partition-lag.ts'
import {
  type GroupSight,
  hotPartitions,
  isBehind,
  type MemberSight,
  type PartitionSight,
} from './group-sight.ts'
import { HOT_PARTITIONS_MAX } from './judge-partitions.ts'

export interface LookParts {
  readonly clock: Clock
  readonly leaders: Leaders
  /** Throws GROUP_NOT_FOUND. */
  readonly describe: () => Promise<DescribeGroupResponse>
  readonly signal: AbortSignal
}

/** Between two looks at a group that is behind. */
const LOOKS_APART_MS = 1_000
/** Partitions whose rates are measured; those that are furthest behind. */
const MEASURED_MAX = 64
const KEYS_MAX = 5

interface Seen {
  readonly place: GroupPartition
  readonly sight: PartitionSight
}

/** A group that is well is looked at once; one that is behind twice, so that it shows its pace. */
export async function lookAtGroup(parts: LookParts): Promise<GroupSight> {
  const { clock, leaders } = parts
  const described = await parts.describe()
  const lags = await lagsOf(leaders, clock, described.partitions)
  const nowMs = clock.now()
  const seen = described.partitions.map((place, index) => ({
    place,
    sight: partitionSight(leaders, place, lags[index]),
  }))
  const paced = seen.some(({ sight }) => isBehind(sight)) ? await withPace(parts, seen) : seen
  const partitions = await withKeys(leaders, paced)
  const { members, incidents } = described
  return {
    nowMs,
    members: members.map(memberSight),
    partitions,
    incidents: incidents.map(({ kind, ...incident }) => ({
      ...incident,
      kind: incidentName(kind),
    })),
  }
}

function memberSight(member: GroupMember): MemberSight {
  const { releaseWantedSinceMs, lastCommitAtMs } = member
  return {
    ...member,
    releaseWantedSinceMs: releaseWantedSinceMs ?? null,
    lastCommitAtMs: lastCommitAtMs ?? null,
  }
}

function partitionSight(
  leaders: Leaders,
  { topicId: topic, topic: name, partition, owner, committedOffset }: GroupPartition,
  lag: Lag | undefined,
): PartitionSight {
  return {
    topic: name,
    partition,
    owner,
    hasLeader: leaders.leader(topicId(topic), partition) !== null,
    committedOffset: committedOffset ?? null,
    logStartOffset: lag?.logStartOffset ?? null,
    logEndOffset: lag?.logEndOffset ?? null,
    lagRecords: lag?.lagRecords ?? null,
    lagMs: lag?.lagMs ?? null,
    arrivalsPerSecond: null,
    commitsPerSecond: null,
    keys: null,
  }
}

async function withPace(parts: LookParts, seen: readonly Seen[]): Promise<Seen[]> {
  const { clock, leaders, signal } = parts
  const measured = new Set(
    seen
      .filter(({ sight }) => isBehind(sight))
      .sort((a, b) => (b.sight.lagMs ?? 0) - (a.sight.lagMs ?? 0))
      .slice(0, MEASURED_MAX),
  )
  const sinceMs = clock.monotonicMs()
  await wait(clock, LOOKS_APART_MS, signal)
  const committed = committedOffsets(await parts.describe())
  const seconds = Math.max(1, clock.monotonicMs() - sinceMs) / 1_000
  const pace = (before: number | null, after: number | null | undefined) =>
    before === null || after === null || after === undefined ? null : (after - before) / seconds
  return await Promise.all(
    seen.map(async (each) => {
      if (!measured.has(each)) return each
      const { place, sight } = each
      const end = await known(
        findOffset(leaders, topicId(place.topicId), place.partition, 'latest'),
      )
      // What was never committed begins where the log does.
      const before = sight.committedOffset ?? sight.logStartOffset
      const paced = {
        ...sight,
        arrivalsPerSecond: pace(sight.logEndOffset, end?.offset),
        commitsPerSecond: pace(before, committed.get(keyOf(place)) ?? before),
      }
      return { place, sight: paced }
    }),
  )
}

async function withKeys(leaders: Leaders, seen: readonly Seen[]): Promise<PartitionSight[]> {
  const sights = seen.map(({ sight }) => sight)
  const hot = new Set(hotPartitions(sights).slice(0, HOT_PARTITIONS_MAX))
  return await Promise.all(
    seen.map(async ({ place, sight }) => {
      if (!hot.has(sight)) return sight
      const asked = heaviestKeys(leaders, topicId(place.topicId), place.partition, KEYS_MAX)
      const keys: HeaviestKeys | null = await known(asked)
      return { ...sight, keys }
    }),
  )
}

function committedOffsets({ partitions }: DescribeGroupResponse): Map<string, number> {
  const offsets = new Map<string, number>()
  for (const place of partitions) {
    if (place.committedOffset !== undefined) offsets.set(keyOf(place), place.committedOffset)
  }
  return offsets
}

function keyOf({ topicId: topic, partition }: GroupPartition): string {
  return `${topic}/${partition}`
}

/** Null for what nobody can say now: the rest is told all the same. */
async function known<Value>(asked: Promise<Value>): Promise<Value | null> {
  try {
    return await asked
  } catch (error) {
    if (error instanceof BusError) return null
    throw error
  }
}

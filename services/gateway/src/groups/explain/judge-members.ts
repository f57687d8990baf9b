import type { Finding } from './finding.ts'
import { type GroupSight, isBehind, type MemberSight, type PartitionSight } from './group-sight.ts'

/** What of the last minutes counts as going on. */
const RECENT_MS = 600_000
/** Members that come and go so often in that time keep each other from work. */
const LOOP_INCIDENTS = 6
const COMMIT_OVERDUE_MS = 60_000
const RELEASE_OVERDUE_MS = 30_000

const UNREST = ['JOINED', 'LEFT', 'SESSION_EXPIRED', 'REBALANCE_TIMED_OUT', 'FENCED']

export function judgeMembers(sight: GroupSight): Finding[] {
  const behind = sight.partitions.filter(isBehind)
  if (sight.members.length === 0) return behind.length === 0 ? [] : [noMembers(behind)]
  return [
    ...sharedIds(sight),
    ...rebalanceLoop(sight),
    ...sight.members.flatMap((member) => judgeMember(sight, member)),
    ...memberCount(sight, behind),
  ]
}

function noMembers(behind: readonly PartitionSight[]): Finding {
  return {
    code: 'NO_MEMBERS',
    detail: 'The group has no members: nobody reads.',
    numbers: { partitionsBehind: behind.length },
    remedy: 'Start a consumer, or look why the last ones have ended.',
  }
}

function sharedIds({ nowMs, incidents }: GroupSight): Finding[] {
  const times = new Map<string, number>()
  for (const { atMs, kind, memberId } of incidents) {
    if (kind !== 'MEMBER_ID_SHARED' || nowMs - atMs > RECENT_MS) continue
    times.set(memberId, (times.get(memberId) ?? 0) + 1)
  }
  return [...times].map(([memberId, count]) => ({
    code: 'MEMBER_ID_SHARED' as const,
    detail: `Two processes poll as ${memberId}: each poll ends the other's.`,
    numbers: { timesInTenMinutes: count },
    remedy: 'Give every process a memberId of its own, such as the name of its host.',
    memberId,
  }))
}

function rebalanceLoop({ nowMs, incidents }: GroupSight): Finding[] {
  const recent = incidents.filter(
    ({ atMs, kind }) => nowMs - atMs <= RECENT_MS && UNREST.includes(kind),
  )
  if (recent.length < LOOP_INCIDENTS) return []
  const count = (wanted: string) => recent.filter(({ kind }) => kind === wanted).length
  // A deployment starts many at once; a loop is that some go, too.
  const joined = count('JOINED')
  if (joined === recent.length) return []
  const expired = count('SESSION_EXPIRED')
  const timedOut = count('REBALANCE_TIMED_OUT')
  return [
    {
      code: 'REBALANCE_LOOP',
      detail: `Members came or went ${recent.length} times in ten minutes; partitions move each time.`,
      numbers: {
        joined,
        left: count('LEFT'),
        sessionExpired: expired,
        rebalanceTimedOut: timedOut,
        fenced: count('FENCED'),
      },
      remedy:
        expired + timedOut > 0
          ? 'Members take longer than their timeouts: ask for fewer records a poll, send ' +
            'heartbeats meanwhile, or raise sessionTimeoutMs and rebalanceTimeoutMs.'
          : 'Let members stay: a memberId of their own keeps their partitions over a restart.',
    },
  ]
}

function judgeMember({ nowMs, partitions }: GroupSight, member: MemberSight): Finding[] {
  const behind = partitions.filter((each) => each.owner === member.memberId && isBehind(each))
  const uncommittedMs = nowMs - (member.lastCommitAtMs ?? member.joinedAtMs)
  return [
    ...(isSilent(member) ? silent(member, nowMs) : uncommitted(member, behind, uncommittedMs)),
    ...releaseOverdue(member, nowMs),
    ...tooSlow(member, behind, uncommittedMs),
  ]
}

function isSilent({ polling, sessionEndsInMs, sessionTimeoutMs }: MemberSight): boolean {
  return !polling && sessionEndsInMs < sessionTimeoutMs / 2
}

function silent({ memberId, partitions, ...member }: MemberSight, nowMs: number): Finding[] {
  if (partitions === 0) return []
  const { sessionEndsInMs, sessionTimeoutMs, lastPollAtMs } = member
  const silentMs = nowMs - lastPollAtMs
  return [
    {
      code: 'MEMBER_SILENT',
      detail: `${memberId} has not been heard of for a while; its partitions stand still.`,
      numbers: { silentMs, sessionEndsInMs, sessionTimeoutMs, partitions },
      remedy:
        'If it is dead, others get its partitions when its session ends; if it works, ' +
        'it should send heartbeats.',
      memberId,
    },
  ]
}

function uncommitted(
  { memberId }: MemberSight,
  behind: readonly PartitionSight[],
  uncommittedMs: number,
): Finding[] {
  if (behind.length === 0 || uncommittedMs <= COMMIT_OVERDUE_MS) return []
  return [
    {
      code: 'MEMBER_DOES_NOT_COMMIT',
      detail: `${memberId} polls, and has committed nothing for a while.`,
      numbers: { uncommittedMs, partitionsBehind: behind.length },
      remedy: 'A record may fail again and again, or the token is not sent back as `ack`.',
      memberId,
    },
  ]
}

function releaseOverdue({ memberId, releaseWantedSinceMs }: MemberSight, nowMs: number): Finding[] {
  const waitingMs = releaseWantedSinceMs === null ? 0 : nowMs - releaseWantedSinceMs
  if (waitingMs <= RELEASE_OVERDUE_MS) return []
  return [
    {
      code: 'RELEASE_OVERDUE',
      detail: `${memberId} is to give partitions away and still works on records of them.`,
      numbers: { waitingMs },
      remedy: 'It gives them away with its next poll; ask for fewer records a poll.',
      memberId,
    },
  ]
}

/** Of who commits now and then, a second without a commit says nothing. */
function tooSlow(
  { memberId }: MemberSight,
  behind: readonly PartitionSight[],
  uncommittedMs: number,
): Finding[] {
  const arrivals = rate(behind.map(({ arrivalsPerSecond }) => arrivalsPerSecond))
  const commits = rate(behind.map(({ commitsPerSecond }) => commitsPerSecond))
  if (arrivals === null || commits === null || commits >= arrivals) return []
  if (commits === 0 && uncommittedMs <= COMMIT_OVERDUE_MS) return []
  return [
    {
      code: 'MEMBER_TOO_SLOW',
      detail: `${memberId} commits ${commits} records a second while ${arrivals} arrive.`,
      numbers: { commitsPerSecond: commits, arrivalsPerSecond: arrivals },
      remedy: 'Process in parallel, or in batches; look what each record waits for.',
      memberId,
    },
  ]
}

export function rate(rates: readonly (number | null)[]): number | null {
  const known = rates.filter((each) => each !== null)
  return known.length === 0 ? null : Math.round(known.reduce((sum, each) => sum + each, 0))
}

function memberCount(
  { members, partitions }: GroupSight,
  behind: readonly PartitionSight[],
): Finding[] {
  const numbers = { members: members.length, partitions: partitions.length }
  if (behind.length === 0) return []
  if (members.length > partitions.length) {
    return [
      {
        code: 'MORE_MEMBERS_THAN_PARTITIONS',
        detail: `${members.length - partitions.length} members have no partition, and idle.`,
        numbers,
        remedy: 'More members do not help; more partitions would.',
      },
    ]
  }
  // Where a part only is behind, other members would have nothing to take over.
  const owners = new Set(behind.flatMap(({ owner }) => (owner === '' ? [] : [owner])))
  if (members.length === partitions.length || owners.size < members.length) return []
  return [
    {
      code: 'FEWER_MEMBERS_THAN_PARTITIONS',
      detail: 'Every member is behind, and there could be more of them.',
      numbers,
      remedy: `Start more members, up to ${partitions.length}.`,
    },
  ]
}

import { IdleReason } from '@courant/api/internal/v1/group'
import type { Clock } from '@courant/kernel'
import type { Borrowed } from '../../fetch/byte-writer.ts'
import { giveBackRecords } from '../../fetch/partition-fetcher.ts'
import type { ReadHold } from '../../fetch/read-hold.ts'
import { type CommitOutcome, commitLease } from '../commits.ts'
import type { Coordinators, Patience } from '../coordinators/coordinators.ts'
import type { LeaseTokens } from '../tokens/lease-tokens.ts'
import { MemberLease, memberRef } from './member-lease.ts'
import { MemberReader, type MemberReaderParts, type ReadOutcome } from './member-reader.ts'
import { type DocumentParts, PollDocument } from './poll-document.ts'
import type { Lease, MemberRequest, PollBounds } from './poll-request.ts'
import type { RecordSizes } from './record-sizes.ts'

export interface PollParts extends MemberReaderParts, DocumentParts {
  readonly coordinators: Coordinators
  readonly tokens: LeaseTokens
  readonly gatewayId: string
  readonly clock: Clock
  readonly recordSizes: RecordSizes
}

export interface PollRequest {
  readonly member: MemberRequest
  readonly lease: Lease | null
  readonly metadata: string
  readonly bounds: PollBounds
  readonly waitMs: number
}

/** A coordinator that is being replaced is waited for at least so long. */
const PATIENCE_MS_MIN = 5_000
const OPEN_MARGIN_MS = 5_000

/**
 * One poll of a member (docs/adr/0011): what it has processed is committed while the next ranges
 * are read; the answer waits for both. `hold` has the memory of the answer.
 */
export async function poll(
  parts: PollParts,
  request: PollRequest,
  hold: ReadHold,
  signal: AbortSignal,
): Promise<Borrowed> {
  const { clock } = parts
  const { member, waitMs, lease: given } = request
  const nowMs = clock.monotonicMs()
  const patience = {
    deadlineMs: nowMs + Math.max(waitMs, PATIENCE_MS_MIN),
    signal,
    requestId: member.requestId,
  }
  const ending = new AbortController()
  const end = (): void => ending.abort()
  signal.addEventListener('abort', end, { once: true })
  const work = startCommit(parts, request, patience, end)
  const isNothing = given === null || given.token.topics.length === 0
  const open = await MemberLease.begin(
    parts,
    member,
    isNothing ? 'empty' : 'full',
    waitMs + OPEN_MARGIN_MS,
    patience,
  )
  try {
    if (given !== null) open.positions.resume(given.token)
    if (given !== null && open.state.revoked.length > 0) {
      await giveAway(open, given, work, waitMs, patience)
    }
    const reader = new MemberReader(parts, open, hold)
    const wants = {
      maxBytes: parts.recordSizes.bytesFor(member, request.bounds),
      // What was taken from the member is told at once.
      deadlineMs: open.revoked.isEmpty ? nowMs + waitMs : nowMs,
      hands: async () => (isNothing || (await work) !== null ? 'empty' : 'full'),
      signal: ending.signal,
    }
    const read = await reader.next(wants)
    // While the commit goes on: the disk takes longer than the text.
    const document = await documentOf(parts, request, read, hold)
    const commit = await work
    if (given?.kind === 'ack') open.positions.committed(given.token)
    const answer = await answerOf(parts, request, open, read, { commit, document }, hold)
    open.ended()
    return answer
  } catch (error) {
    open.abandon()
    throw error
  } finally {
    signal.removeEventListener('abort', end)
  }
}

/**
 * What is to move and not in work any more is given away before anything is read: else its new
 * owner waits until this member has polled again.
 */
async function giveAway(
  open: MemberLease,
  given: Lease,
  work: Promise<CommitOutcome | null>,
  waitMs: number,
  patience: Patience,
): Promise<void> {
  await work
  if (given.kind === 'ack') open.positions.committed(given.token)
  if (open.positions.uncommitted().length > 0) return
  await open.refresh('empty', waitMs + OPEN_MARGIN_MS, patience)
}

/**
 * Null: nothing is to be committed. A commit that fails ends the wait: there is something to tell.
 */
function startCommit(
  { coordinators }: PollParts,
  { lease, member, metadata }: PollRequest,
  { deadlineMs, requestId }: Patience,
  onFailure: () => void,
): Promise<CommitOutcome | null> {
  if (lease?.kind !== 'ack' || lease.token.topics.length === 0) return Promise.resolve(null)
  // Not ended with its caller, who has said what it has processed.
  const patience = { deadlineMs, ...(requestId === undefined ? {} : { requestId }) }
  const work = commitLease(coordinators, memberRef(member), lease.token, metadata, patience)
  work.catch(onFailure)
  return work
}

/** The records of the answer, whose memory is given back. */
async function documentOf(
  parts: PollParts,
  { bounds, member }: PollRequest,
  { found }: ReadOutcome,
  hold: ReadHold,
): Promise<PollDocument> {
  const document = new PollDocument(parts, found, bounds, 'free')
  await document.add(found, hold)
  parts.recordSizes.note(member, found)
  giveBackRecords(...found.map(({ fetched }) => fetched))
  return document
}

interface Done {
  readonly commit: CommitOutcome | null
  readonly document: PollDocument
}

async function answerOf(
  parts: PollParts,
  { member }: PollRequest,
  open: MemberLease,
  read: ReadOutcome,
  { commit, document }: Done,
  hold: ReadHold,
): Promise<Borrowed> {
  const hasNews = commit !== null || read.resets.length > 0 || read.isRevoked
  // An error says that nothing was done.
  if (read.failure !== null && !hasNews) throw read.failure
  const { principal, tenantId, sessionTimeoutMs } = member
  const leaseToken = await parts.tokens.issue({ tenantId, principal }, open.token())
  const answer = document.take({
    leaseToken,
    leaseExpiresAt: parts.clock.now() + sessionTimeoutMs,
    ...assignmentOf(open),
    revoked: open.revoked.list(),
    ...(commit?.alreadyCommitted === true ? { alreadyCommitted: true } : {}),
    ...(read.resets.length > 0 ? { resets: read.resets } : {}),
  })
  hold.set(answer.bytes.buffer.byteLength)
  return answer
}

/** What every answer says of the member's partitions. */
export function assignmentOf({ positions, state, isIdle }: MemberLease) {
  const topics = new Map<string, number[]>()
  for (const { topic, partition } of positions.readable) {
    const partitions = topics.get(topic)
    if (partitions === undefined) topics.set(topic, [partition])
    else partitions.push(partition)
  }
  const assignment = [...topics].map(([topic, partitions]) => ({ topic, partitions }))
  const revoked = state.revoked.map(({ topic, partitions }) => ({ topic, partitions }))
  return { assignment, revoked, ...(isIdle ? { idleReason: idleReasonOf(state.idleReason) } : {}) }
}

const IDLE_REASONS: Readonly<Record<number, string>> = {
  [IdleReason.IDLE_REASON_MORE_MEMBERS_THAN_PARTITIONS]: 'MORE_MEMBERS_THAN_PARTITIONS',
  [IdleReason.IDLE_REASON_WAITING_FOR_RELEASE]: 'WAITING_FOR_RELEASE',
  [IdleReason.IDLE_REASON_NO_MATCHING_TOPIC]: 'NO_MATCHING_TOPIC',
}

function idleReasonOf(reason: number): string {
  const known = IDLE_REASONS[reason]
  // All that it had is on its way to others.
  return known ?? 'WAITING_FOR_RELEASE'
}

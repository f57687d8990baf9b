import { assert, BusError, limits } from '@courant/kernel'
import type { AssignorName } from './assignors/assignor.ts'
import type {
  Commit,
  CommitReleases,
  CommitVerdict,
  Heartbeat,
  HeartbeatAnswer,
  Now,
  Poll,
  PollAnswer,
  Topic,
} from './calls.ts'
import { ChangeLog } from './change-log.ts'
import { describeGroup, type GroupDescription, type GroupSummary } from './describe.ts'
import type { GroupTopic } from './group-partition.ts'
import type { GroupPorts, Settled } from './group-ports.ts'
import { type IncidentKind, Incidents } from './incidents.ts'
import { loadParts } from './load-parts.ts'
import { Member } from './member.ts'
import { MemberEvents } from './member-events.ts'
import { Ownership } from './ownership.ts'
import { pollAnswer } from './poll-answer.ts'
import type { PollNumbers } from './poll-numbers.ts'
import { retarget } from './retarget.ts'
import type { GroupRow, StoredGroup } from './rows.ts'
import { releaseNamed, settleOwners } from './settle-owners.ts'
import { Subscriptions } from './subscriptions.ts'

/** What `beginPoll` gives back, to be answered when the group has settled. */
export interface BegunPoll {
  readonly member: Member
  readonly number: number
}

/**
 * A consumer group after KIP-848 and docs/adr/0011-consumer-groups.md, without IO. Its driver
 *
 * 1. applies one or several events (`beginPoll`, `committed`, `leave`, `sweep`, `setTopics`, ...);
 * 2. calls `settle`, which computes the target if the group has changed, moves what can move, and
 *    gives the rows to write and whom to tell;
 * 3. takes the answers of the polls of step 1 (`answerPoll`);
 * 4. writes the rows in one transaction, and only then sends answers and events. If that fails, or
 *    nobody knows whether it did, it throws the group away and loads it anew.
 *
 * Between 1 and 4 it applies nothing else. Calls that change no row (`heartbeat`, `endPoll`,
 * `judgeCommit`) need no settling.
 *
 * At any time a partition has at most one owner; another gets it when that has released it, and a
 * partition that does not move is never taken away for one that does.
 */
export class Group {
  readonly #members = new Map<string, Member>()
  readonly #topics = new Map<string, GroupTopic>()
  readonly #subscriptions = new Subscriptions()
  readonly #ownership = new Ownership()
  readonly #incidents = new Incidents()
  readonly #log = new ChangeLog()
  readonly #events = new MemberEvents()
  readonly #numbers: PollNumbers
  #row: GroupRow
  #begun: BegunPoll[] = []
  #needsTarget = false
  /** Nobody's deadline is before this. */
  #nextDeadlineMs = Number.POSITIVE_INFINITY

  private constructor(row: GroupRow, { topics, pollNumbers }: GroupPorts) {
    this.#row = row
    this.#numbers = pollNumbers
    this.#subscriptions.setTopics(topics)
  }

  /** Its row is among the first changes. */
  static create(
    id: Pick<GroupRow, 'tenantId' | 'name' | 'groupId'>,
    assignor: AssignorName,
    ports: GroupPorts,
  ): Group {
    const { wallMs } = ports.now
    const born = { groupEpoch: 0, createdAtMs: wallMs, emptySinceMs: wallMs }
    const group = new Group({ ...id, assignor, ...born }, ports)
    group.#log.group()
    return group
  }

  /** Every session, and every time to release, starts whole: a late expiry costs only time. */
  static load(stored: StoredGroup, ports: GroupPorts): Group {
    const group = new Group(stored.group, ports)
    const parts = { subscriptions: group.#subscriptions, ownership: group.#ownership }
    const loaded = loadParts(stored, parts, ports)
    for (const topic of loaded.topics) group.#topics.set(topic.topicId, topic)
    for (const member of loaded.members) {
      group.#members.set(member.memberId, member)
      group.#watch(member)
    }
    group.#needsTarget = loaded.isOutdated
    return group
  }

  get groupId(): string {
    return this.#row.groupId
  }

  get memberCount(): number {
    return this.#members.size
  }

  /** When `sweep` is due at the earliest, by the monotonic clock. */
  get nextDeadlineMs(): number {
    return this.#nextDeadlineMs
  }

  /** All topics of the tenant, whenever they change. Costs as much as changes, and their number. */
  setTopics(topics: readonly Topic[]): void {
    if (this.#subscriptions.setTopics(topics)) this.#needsTarget = true
    for (const [topicId, topic] of this.#topics) {
      if (this.#subscriptions.topics.has(topicId)) continue
      for (const partition of topic.partitions) this.#ownership.drop(partition)
      this.#topics.delete(topicId)
      this.#needsTarget = true
    }
  }

  /**
   * A poll begins, or asks anew: the member joins if it is not in the group, its older poll ends.
   * Throws MEMBER_ID_IN_USE, GROUP_FULL, INVALID_ARGUMENT for another assignor than the group's;
   * for a poll that asks anew LEASE_EXPIRED (no member any more) and POLL_SUPERSEDED.
   */
  beginPoll(poll: Poll, now: Now): BegunPoll {
    const known = this.#memberOf(poll)
    if (poll.pollNumber !== 0 && known === undefined) {
      throw new BusError('LEASE_EXPIRED', 'The poll is no longer one of a member of the group.')
    }
    if (poll.pollNumber !== 0 && known !== undefined && poll.pollNumber < known.lastPoll) {
      throw new BusError('POLL_SUPERSEDED', 'A newer poll of the member has begun.')
    }
    this.#chooseAssignor(poll, known)
    const member = known ?? this.#join(poll, now)
    this.#adopt(member, poll)
    const begun = { member, number: this.#openPoll(member, poll, now) }
    member.hands = poll.keepsPartitions ? 'full' : 'empty'
    this.#ownership.touched.add(member)
    this.#extend(member, now, poll.openForMs)
    this.#begun.push(begun)
    return begun
  }

  /** After `settle`, before anything else is applied. Throws as `beginPoll` if it is over. */
  answerPoll({ member, number }: BegunPoll): PollAnswer {
    assert(!this.#needsTarget && this.#begun.length === 0, 'a poll is answered after settle')
    if (this.#members.get(member.memberId) !== member) {
      throw new BusError('LEASE_EXPIRED', 'The member has been removed from the group.')
    }
    if (number < member.lastPoll) {
      throw new BusError('POLL_SUPERSEDED', 'A newer poll of the member has begun.')
    }
    const answer = pollAnswer(member, number, this.#epochOf(member))
    member.lost.clear()
    return answer
  }

  /**
   * Each partition alone: who owns it since no later than the epoch in which the records were
   * handed out may commit it (KIP-1251, reliability B13.7). A member that lost it and has it again
   * owns it since later than that.
   */
  judgeCommit(commit: Commit, now: Now): CommitVerdict {
    const member = this.#holderOf(commit)
    if (member === undefined) return { kind: 'expired' }
    member.lastCommitAtMs = now.wallMs
    const refused = commit.partitions.filter(({ topicId, partition }) => {
      const found = this.#topics.get(topicId)?.partitions[partition]
      return found?.owner !== member || found.assignmentEpoch > commit.memberEpoch
    })
    return { kind: 'judged', refused }
  }

  /**
   * Of every commit that was not `expired`; written in its transaction or after it. Nothing that
   * polls up to `upToPoll` handed out is in work (0: that is not said): what is to move, and was
   * offered to no later poll, is free, and so is what is named. Of the rest a poll that is open
   * hears, for with what is committed now its hands may be empty: it asks anew without keeping.
   */
  committed(memberId: string, releases: CommitReleases): void {
    const member = this.#members.get(memberId)
    if (member === undefined) return
    releaseNamed(member, this.#ownership, this.#topics, releases)
    this.#ownership.touched.add(member)
    if (releases.upToPoll >= member.offeredUpTo) member.hands = 'empty'
    if (member.owing.size > 0) this.#ownership.affected.add(member)
  }

  /** Whether it has something to release; if not, `committed` changes no row and no owner. */
  owesPartitions(memberId: string): boolean {
    return (this.#members.get(memberId)?.owing.size ?? 0) > 0
  }

  heartbeat(heartbeat: Heartbeat, now: Now): HeartbeatAnswer {
    const member = this.#holderOf(heartbeat)
    if (member === undefined) return null
    const endsAtMs = now.monotonicMs + heartbeat.openForMs + member.sessionTimeoutMs
    member.sessionEndsAtMs = Math.max(member.sessionEndsAtMs, endsAtMs)
    return {
      memberEpoch: this.#epochOf(member),
      sessionEndsInMs: Math.round(member.sessionEndsAtMs - now.monotonicMs),
      releaseWanted: member.owing.size > 0,
    }
  }

  /** The poll was answered just now: the session runs from here. Of an older poll: nothing. */
  endPoll({ memberId, pollNumber }: { memberId: string; pollNumber: number }, now: Now): void {
    const member = this.#members.get(memberId)
    if (member?.openPoll?.number !== pollNumber) return
    member.openPoll = null
    this.#extend(member, now, 0)
  }

  /** Idempotent. Throws MEMBER_ID_IN_USE. */
  leave(who: { readonly memberId: string; readonly principal: string }, now: Now): void {
    const member = this.#memberOf(who)
    if (member !== undefined) this.#remove(member, 'LEFT', now)
  }

  /** Removes every member, for a takeover by an administrator; answers how many. */
  fenceAll(now: Now): number {
    const fenced = [...this.#members.values()]
    for (const member of fenced) this.#remove(member, 'FENCED', now)
    return fenced.length
  }

  /** Removes whose session is over, and who has kept for too long what is to move. */
  sweep(now: Now): void {
    if (now.monotonicMs < this.#nextDeadlineMs) return
    this.#nextDeadlineMs = Number.POSITIVE_INFINITY
    for (const member of [...this.#members.values()]) {
      if (member.sessionEndsAtMs <= now.monotonicMs) this.#remove(member, 'SESSION_EXPIRED', now)
      else if (member.deadlineMs <= now.monotonicMs) {
        this.#remove(member, 'REBALANCE_TIMED_OUT', now)
      } else this.#watch(member)
    }
  }

  /** Computes the target if it must, moves what can move: rows to write, and whom to tell then. */
  settle(now: Now): Settled {
    const before = this.#row.groupEpoch
    if (this.#needsTarget) this.#beginEpoch(now)
    const epochs = { before, now: this.#row.groupEpoch }
    const touched = [...this.#ownership.touched]
    const rewritten = settleOwners(this.#ownership, epochs, now)
    for (const member of rewritten) if (this.#isMember(member)) this.#log.member(member)
    for (const member of touched) this.#watch(member)
    this.#tellAffected()
    for (const { member } of this.#begun) member.hands = 'full'
    this.#begun = []
    const changes = this.#log.take(this.#row, this.#ownership.changed)
    return { changes, events: this.#events.take() }
  }

  /**
   * What has settled is durable: only now can members hear of what they are to release, so their
   * time for it begins.
   */
  written(now: Now): void {
    for (const member of this.#ownership.asked) {
      if (member.owing.size > 0) member.releaseWantedSince = now
    }
    this.#ownership.asked.clear()
  }

  summarize(): GroupSummary {
    const { name, groupEpoch, assignor } = this.#row
    const moving = this.#ownership.moving > 0 ? 'RECONCILING' : 'STABLE'
    const state = this.#members.size === 0 ? 'EMPTY' : moving
    return { name, state, members: this.#members.size, groupEpoch, assignor }
  }

  describe(now: Now): GroupDescription {
    const parts = { members: this.#members, topics: this.#topics, incidents: this.#incidents }
    return describeGroup(this.summarize(), this.#row, parts, now)
  }

  /** Throws MEMBER_ID_IN_USE. */
  #memberOf(who: { readonly memberId: string; readonly principal: string }): Member | undefined {
    const member = this.#members.get(who.memberId)
    if (member !== undefined && member.principal !== who.principal) {
      throw new BusError('MEMBER_ID_IN_USE', 'The member id belongs to another principal.')
    }
    return member
  }

  /** Whose lease the epoch is: not that of an earlier life under the same id, nor one to come. */
  #holderOf(lease: Pick<Commit, 'memberId' | 'principal' | 'memberEpoch'>): Member | undefined {
    const member = this.#members.get(lease.memberId)
    if (member === undefined || member.principal !== lease.principal) return undefined
    const { memberEpoch } = lease
    const isGivenOut = member.joinEpoch <= memberEpoch && memberEpoch <= this.#epochOf(member)
    return isGivenOut ? member : undefined
  }

  #epochOf(member: Member): number {
    return member.heldEpoch ?? this.#row.groupEpoch
  }

  #isMember(member: Member): boolean {
    return this.#members.get(member.memberId) === member
  }

  #chooseAssignor({ assignor }: Poll, known: Member | undefined): void {
    if (assignor === null || assignor === this.#row.assignor) return
    const others = this.#members.size - (known === undefined ? 0 : 1)
    if (others > 0) {
      const detail = `The group assigns by "${this.#row.assignor}" while it has other members.`
      throw new BusError('INVALID_ARGUMENT', detail)
    }
    this.#row = { ...this.#row, assignor }
    this.#needsTarget = true
  }

  #join(poll: Poll, now: Now): Member {
    if (this.#members.size >= limits.membersPerGroupMax) {
      throw new BusError('GROUP_FULL', `A group has at most ${limits.membersPerGroupMax} members.`)
    }
    const subscription = this.#subscriptions.resolve(poll.subscription)
    const joinEpoch = this.#row.groupEpoch + 1
    const row = { ...poll, joinedAtMs: now.wallMs, joinEpoch, heldEpoch: null }
    const member = new Member(row, subscription, { now, offeredUpTo: this.#numbers.last })
    this.#members.set(member.memberId, member)
    this.#incidents.add('JOINED', member.memberId, now.wallMs)
    this.#log.member(member)
    this.#needsTarget = true
    return member
  }

  #adopt(member: Member, poll: Poll): void {
    const subscription = this.#subscriptions.resolve(poll.subscription)
    if (subscription !== member.subscription) {
      member.subscription = subscription
      this.#log.member(member)
      this.#needsTarget = true
    }
    if (member.adopt(poll)) this.#log.member(member)
  }

  /** Its number; the poll that was open until now hears that it is over. */
  #openPoll(member: Member, poll: Poll, now: Now): number {
    const number = poll.pollNumber === 0 ? this.#numbers.next() : poll.pollNumber
    const { openPoll: older } = member
    if (older !== null && older.number !== number) {
      this.#events.tell(member, 'SUPERSEDED')
      if (member.isShared(poll, now)) {
        this.#incidents.add('MEMBER_ID_SHARED', member.memberId, now.wallMs)
      }
    }
    member.opened(poll, number, now)
    return number
  }

  #extend(member: Member, now: Now, openForMs: number): void {
    member.sessionEndsAtMs = now.monotonicMs + openForMs + member.sessionTimeoutMs
    this.#watch(member)
  }

  #watch(member: Member): void {
    if (!this.#isMember(member)) return
    this.#nextDeadlineMs = Math.min(this.#nextDeadlineMs, member.deadlineMs)
  }

  #remove(member: Member, why: IncidentKind, now: Now): void {
    this.#events.tell(member, 'REMOVED')
    this.#members.delete(member.memberId)
    for (const partition of [...member.owned, ...member.awaited]) {
      if (partition.target === member) this.#ownership.aim(partition, null)
      if (partition.owner === member) this.#ownership.release(partition)
    }
    this.#incidents.add(why, member.memberId, now.wallMs)
    this.#log.removed(member)
    this.#needsTarget = true
  }

  #beginEpoch(now: Now): void {
    const members = [...this.#members.values()]
    const emptySinceMs = members.length > 0 ? null : (this.#row.emptySinceMs ?? now.wallMs)
    this.#row = { ...this.#row, groupEpoch: this.#row.groupEpoch + 1, emptySinceMs }
    this.#log.group()
    this.#subscriptions.keepOnly(new Set(members.map(({ subscription }) => subscription)))
    const { assignor } = this.#row
    retarget(members, this.#topics, { assignor, ownership: this.#ownership })
    this.#needsTarget = false
  }

  #tellAffected(): void {
    const asking = new Set(this.#begun.map(({ member }) => member))
    for (const member of this.#ownership.affected) {
      if (this.#isMember(member) && !asking.has(member))
        this.#events.tell(member, 'ASSIGNMENT_CHANGED')
    }
    this.#ownership.affected.clear()
  }
}

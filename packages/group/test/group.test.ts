import { limits } from '@courant/kernel'
import { describe, expect, it } from 'vitest'
import { parseSubscription, parseTimeouts } from '../src/index.ts'
import { LATE_ANSWER_MS } from '../src/member.ts'
import { Coordinator, topic } from './fixture/coordinator.ts'

const code = (value: string) => expect.objectContaining({ code: value })
const partitionsOf = (answer: ReturnType<Coordinator['poll']>) =>
  answer.assignment.flatMap(({ partitions }) => partitions.map(({ partition }) => partition))

describe('ownership', () => {
  it('of a partition in work stays until a commit says that nothing is', () => {
    const coordinator = new Coordinator(topic('orders', 2))
    const first = coordinator.poll('a')
    expect(partitionsOf(first)).toEqual([0, 1])
    expect(coordinator.poll('b').idleReason).toBe('WAITING_FOR_RELEASE')
    const kept = coordinator.poll('a', { keepsPartitions: true })
    expect(kept.revoked).toMatchObject([{ topic: 'orders', partitions: [1] }])
    expect(coordinator.owners()).toEqual(['a', 'a'])
    coordinator.committed('a', first.pollNumber)
    expect(coordinator.owners()).toEqual(['a', 'b'])
  })

  it('of what a newer poll was offered survives the late commit of an older one', () => {
    const coordinator = new Coordinator(topic('orders', 2))
    const first = coordinator.poll('a')
    const second = coordinator.poll('a', { keepsPartitions: true })
    coordinator.poll('b')
    coordinator.committed('a', first.pollNumber)
    expect(coordinator.owners()).toEqual(['a', 'a'])
    coordinator.committed('a', second.pollNumber)
    expect(coordinator.owners()).toEqual(['a', 'b'])
  })

  it('of partitions that are named moves alone, of what is to move', () => {
    const coordinator = new Coordinator(topic('orders', 4))
    coordinator.poll('a')
    coordinator.poll('b')
    coordinator.poll('a', { keepsPartitions: true })
    const named = [0, 2, 9].map((partition) => ({ topicId: 'id-orders', partition }))
    coordinator.committed('a', 0, named)
    expect(coordinator.owners()).toEqual(['a', 'a', 'b', 'a'])
    coordinator.committed('a', 0, [{ topicId: 'id-orders', partition: 3 }])
    expect(coordinator.owners()).toEqual(['a', 'a', 'b', 'b'])
  })

  it('moves at once from a member that has committed everything and polls no more', () => {
    const coordinator = new Coordinator(topic('orders', 2))
    const { pollNumber } = coordinator.poll('a')
    coordinator.committed('a', pollNumber)
    expect(partitionsOf(coordinator.poll('b'))).toEqual([1])
  })

  it('moves when a poll that waits with empty hands is told and asks anew', () => {
    const coordinator = new Coordinator(topic('orders', 2))
    const { pollNumber } = coordinator.poll('a')
    coordinator.poll('b')
    const told = { gatewayId: 'gateway', memberId: 'a', pollNumber, kind: 'ASSIGNMENT_CHANGED' }
    expect(coordinator.events).toEqual([told])
    const answer = coordinator.poll('a', { pollNumber })
    expect(answer.revoked).toMatchObject([{ partitions: [1] }])
    expect(coordinator.events).toMatchObject([{ memberId: 'b', kind: 'ASSIGNMENT_CHANGED' }])
    expect(coordinator.owners()).toEqual(['a', 'b'])
  })

  it('is asked for again when a commit may have emptied the hands of a poll that is open', () => {
    const coordinator = new Coordinator(topic('orders', 2))
    coordinator.poll('a')
    const { pollNumber } = coordinator.poll('a', { keepsPartitions: true })
    coordinator.poll('b')
    coordinator.committed('a', 0)
    expect(coordinator.events).toMatchObject([{ pollNumber, kind: 'ASSIGNMENT_CHANGED' }])
    expect(coordinator.owners()).toEqual(['a', 'a'])
  })

  it('of other partitions is not touched, and their commits count, while one moves', () => {
    const coordinator = new Coordinator(topic('orders', 4))
    const { memberEpoch } = coordinator.poll('a')
    coordinator.poll('b')
    coordinator.poll('a')
    expect(coordinator.owners()).toEqual(['a', 'a', 'b', 'b'])
    coordinator.poll('c')
    expect(coordinator.judge('a', memberEpoch, 0)).toBe('accepted')
    expect(coordinator.written?.partitions.length).toBe(1)
  })

  it('never is of extra members, and the answer says why', () => {
    const coordinator = new Coordinator(topic('orders', 1))
    coordinator.poll('a')
    expect(coordinator.poll('b').idleReason).toBe('MORE_MEMBERS_THAN_PARTITIONS')
    const subscription = parseSubscription({ topics: ['later'] })
    expect(coordinator.poll('c', { subscription }).idleReason).toBe('NO_MATCHING_TOPIC')
  })
})

describe('a commit (bug 37)', () => {
  it('of an earlier epoch counts while the member has owned the partition since', () => {
    const coordinator = new Coordinator(topic('orders', 2))
    const { memberEpoch } = coordinator.poll('a')
    coordinator.poll('b')
    coordinator.leave('b')
    expect(coordinator.poll('a').memberEpoch).toBeGreaterThan(memberEpoch)
    expect(coordinator.judge('a', memberEpoch, 1)).toBe('accepted')
  })

  it('of before the partition was lost is refused when the member has it again', () => {
    const coordinator = new Coordinator(topic('orders', 2))
    const { memberEpoch } = coordinator.poll('a')
    coordinator.poll('b')
    coordinator.poll('a')
    expect(coordinator.owners()).toEqual(['a', 'b'])
    coordinator.leave('b')
    expect(coordinator.owners()).toEqual(['a', 'a'])
    expect(coordinator.judge('a', memberEpoch, 1)).toBe('LEASE_EXPIRED')
    expect(coordinator.judge('a', memberEpoch, 0)).toBe('accepted')
  })

  it('of an earlier life, of an epoch to come or of a stranger is refused', () => {
    const coordinator = new Coordinator(topic('orders', 1))
    const { memberEpoch } = coordinator.poll('a')
    coordinator.leave('a')
    const again = coordinator.poll('a')
    expect(coordinator.judge('a', memberEpoch, 0)).toBe('LEASE_EXPIRED')
    expect(coordinator.judge('a', again.memberEpoch + 1, 0)).toBe('LEASE_EXPIRED')
    expect(coordinator.judge('z', again.memberEpoch, 0)).toBe('LEASE_EXPIRED')
    expect(coordinator.judge('a', again.memberEpoch, 0)).toBe('accepted')
  })

  it('counts after a takeover as before', () => {
    const coordinator = new Coordinator(topic('orders', 1))
    const { memberEpoch } = coordinator.poll('a')
    coordinator.takeOver()
    expect(coordinator.judge('a', memberEpoch, 0)).toBe('accepted')
  })
})

describe('a session', () => {
  it('runs from the answer of the last poll, and a heartbeat extends it', () => {
    const coordinator = new Coordinator(topic('orders', 1))
    const { pollNumber, memberEpoch } = coordinator.poll('a', { openForMs: 30_000 })
    coordinator.pass(20_000)
    coordinator.group.endPoll({ memberId: 'a', pollNumber }, coordinator.now)
    coordinator.pass(limits.sessionTimeoutMsDefault - 1)
    const beat = { memberId: 'a', principal: 'key', memberEpoch, openForMs: 0 }
    expect(coordinator.group.heartbeat(beat, coordinator.now)).toEqual({
      memberEpoch,
      sessionEndsInMs: limits.sessionTimeoutMsDefault,
      releaseWanted: false,
    })
    coordinator.pass(limits.sessionTimeoutMsDefault - 1)
    expect(coordinator.owners()).toEqual(['a'])
    coordinator.pass(1)
    expect(coordinator.incidents).toEqual(['JOINED a', 'SESSION_EXPIRED a'])
    expect(coordinator.group.heartbeat(beat, coordinator.now)).toBeNull()
    expect(coordinator.description).toMatchObject({ state: 'EMPTY', emptySinceMs: 1_109_999 })
  })

  it('starts whole after a takeover, and the member keeps its partitions (static membership)', () => {
    const coordinator = new Coordinator(topic('orders', 1))
    coordinator.poll('a')
    coordinator.nowMs += 10 * limits.sessionTimeoutMsDefault
    coordinator.takeOver()
    coordinator.pass(limits.sessionTimeoutMsDefault + LATE_ANSWER_MS - 1)
    const { groupEpoch } = coordinator.description
    expect(partitionsOf(coordinator.poll('a'))).toEqual([0])
    expect(coordinator.description.groupEpoch).toBe(groupEpoch)
  })

  it('does not save a member that keeps for too long what is to move', () => {
    const coordinator = new Coordinator(topic('orders', 2))
    const short = { ...parseTimeouts({ rebalanceTimeoutMs: 5_000 }), keepsPartitions: true }
    coordinator.poll('a', short)
    coordinator.poll('b')
    coordinator.pass(4_999)
    coordinator.poll('a', short)
    expect(coordinator.owners()).toEqual(['a', 'a'])
    expect(coordinator.group.nextDeadlineMs).toBeLessThanOrEqual(5_000)
    coordinator.pass(1)
    expect(coordinator.owners()).toEqual(['b', 'b'])
    expect(coordinator.incidents.at(-1)).toBe('REBALANCE_TIMED_OUT a')
  })

  it('counts the time to give something away from when that can be known', () => {
    const coordinator = new Coordinator(topic('orders', 2))
    const short = { ...parseTimeouts({ rebalanceTimeoutMs: 5_000 }), keepsPartitions: true }
    coordinator.poll('a', short)
    coordinator.writeMs = 3_000
    coordinator.poll('b')
    coordinator.writeMs = 0
    coordinator.pass(4_999)
    expect(coordinator.owners()).toEqual(['a', 'a'])
    coordinator.pass(1)
    expect(coordinator.owners()).toEqual(['b', 'b'])
  })
})

describe('polls of a member', () => {
  it('are numbered over takeovers: the newest wins, the older hears of it', () => {
    const coordinator = new Coordinator(topic('orders', 1))
    const first = coordinator.poll('a')
    const second = coordinator.poll('a')
    expect(second.pollNumber).toBeGreaterThan(first.pollNumber)
    expect(coordinator.events).toMatchObject([{ kind: 'SUPERSEDED', pollNumber: first.pollNumber }])
    const { pollNumber } = first
    expect(() => coordinator.poll('a', { pollNumber })).toThrow(code('POLL_SUPERSEDED'))
    coordinator.takeOver()
    expect(coordinator.poll('a').pollNumber).toBeGreaterThan(second.pollNumber)
  })

  it('that are open at a takeover go on when they ask anew', () => {
    const coordinator = new Coordinator(topic('orders', 1))
    const { pollNumber } = coordinator.poll('a')
    coordinator.takeOver()
    expect(partitionsOf(coordinator.poll('a', { pollNumber }))).toEqual([0])
    coordinator.leave('a')
    expect(coordinator.events).toMatchObject([{ kind: 'REMOVED', pollNumber }])
    expect(() => coordinator.poll('a', { pollNumber })).toThrow(code('LEASE_EXPIRED'))
  })

  it('of two processes that end each other are reported as a shared member id', () => {
    const coordinator = new Coordinator(topic('orders', 1))
    for (const clientAddress of ['1', '2', '1', '2']) coordinator.poll('a', { clientAddress })
    expect(coordinator.incidents).toEqual(['JOINED a', 'MEMBER_ID_SHARED a'])
  })

  it('of one process that repeats itself are no shared member id', () => {
    const coordinator = new Coordinator(topic('orders', 1))
    for (let times = 0; times < 9; times += 1) coordinator.poll('a')
    expect(coordinator.incidents).toEqual(['JOINED a'])
  })

  it('of another principal are refused until the member is gone', () => {
    const coordinator = new Coordinator(topic('orders', 1))
    coordinator.poll('a')
    expect(() => coordinator.poll('a', { principal: 'x' })).toThrow(code('MEMBER_ID_IN_USE'))
    coordinator.leave('a')
    expect(partitionsOf(coordinator.poll('a', { principal: 'x' }))).toEqual([0])
  })

  it('without any change write nothing', () => {
    const coordinator = new Coordinator(topic('orders', 4))
    coordinator.poll('a')
    coordinator.poll('a')
    const nothing = { group: null, members: [], membersRemoved: [] }
    expect(coordinator.written).toEqual({ ...nothing, partitions: [], partitionsRemoved: [] })
  })
})

describe('a group', () => {
  it('follows its topics: new ones that a pattern matches as a whole, more partitions, deletions', () => {
    const coordinator = new Coordinator(topic('orders', 1), topic('my-orders', 1))
    coordinator.poll('a', { subscription: parseSubscription({ pattern: 'orders.*' }) })
    coordinator.setTopics(topic('orders', 2), topic('orders-eu', 1))
    expect(coordinator.owners()).toEqual(['a', 'a'])
    expect(coordinator.owners('orders-eu')).toEqual(['a'])
    expect(coordinator.owners('my-orders')).toEqual([])
    coordinator.setTopics(topic('orders-eu', 1))
    expect(coordinator.written?.partitionsRemoved.length).toBe(2)
  })

  it('has a bounded number of members', () => {
    const coordinator = new Coordinator(topic('orders', 1))
    const { membersPerGroupMax: max } = limits
    for (let index = 0; index < max; index += 1) coordinator.poll(`m${index}`)
    expect(() => coordinator.poll('one-more')).toThrow(code('GROUP_FULL'))
    expect(coordinator.description.incidents.length).toBe(limits.groupIncidentsMax)
  })

  it('keeps its assignor while it has other members', () => {
    const coordinator = new Coordinator(topic('orders', 1))
    coordinator.poll('a')
    expect(() => coordinator.poll('b', { assignor: 'range' })).toThrow(code('INVALID_ARGUMENT'))
    coordinator.poll('a', { assignor: 'range' })
    expect(coordinator.description.assignor).toBe('range')
  })

  it('can be emptied: who is fenced commits nothing any more', () => {
    const coordinator = new Coordinator(topic('orders', 1))
    const { memberEpoch } = coordinator.poll('a')
    expect(coordinator.group.fenceAll(coordinator.now)).toBe(1)
    coordinator.settle()
    expect(coordinator.judge('a', memberEpoch, 0)).toBe('LEASE_EXPIRED')
    expect(coordinator.events).toMatchObject([{ kind: 'REMOVED', memberId: 'a' }])
  })
})

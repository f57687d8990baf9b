import { describe, expect, it } from 'vitest'
import type { GroupSight, MemberSight, PartitionSight } from './group-sight.ts'
import { judge } from './judge.ts'

const NOW = 1_764_000_000_000

function member(memberId: string, of: Partial<MemberSight> = {}): MemberSight {
  return {
    memberId,
    polling: true,
    sessionTimeoutMs: 45_000,
    sessionEndsInMs: 45_000,
    partitions: 1,
    releaseWantedSinceMs: null,
    joinedAtMs: NOW - 3_600_000,
    lastPollAtMs: NOW - 100,
    lastCommitAtMs: NOW - 100,
    ...of,
  }
}

function partition(index: number, of: Partial<PartitionSight> = {}): PartitionSight {
  return {
    topic: 'orders',
    partition: index,
    owner: `m${index}`,
    hasLeader: true,
    committedOffset: 1_000,
    logStartOffset: 0,
    logEndOffset: 1_010,
    lagRecords: 10,
    lagMs: 40,
    arrivalsPerSecond: null,
    commitsPerSecond: null,
    keys: null,
    ...of,
  }
}

const behind = { lagRecords: 50_000, logEndOffset: 51_000, lagMs: 600_000 }

function well(of: Partial<GroupSight> = {}): GroupSight {
  return {
    nowMs: NOW,
    members: [member('m0'), member('m1'), member('m2')],
    partitions: [partition(0), partition(1), partition(2)],
    incidents: [],
    ...of,
  }
}

const codes = (sight: GroupSight) => judge(sight).map(({ code }) => code)

function incidents(kind: string, times: number, memberId = 'm0') {
  return Array.from({ length: times }, (_, index) => ({
    atMs: NOW - index * 1_000,
    kind,
    memberId,
  }))
}

describe('a group is judged', () => {
  it('well while its oldest record without a commit is young, however many there are', () => {
    const busy = partition(0, { lagRecords: 5_000_000, lagMs: 900 })
    expect(codes(well({ partitions: [busy, partition(1), partition(2)] }))).toEqual([
      'NOTHING_WRONG',
    ])
    expect(codes(well({ members: [], partitions: [partition(0)] }))).toEqual(['NOTHING_WRONG'])
    expect(codes(well({ partitions: [], members: [] }))).toEqual(['NOTHING_WRONG'])
  })

  it('overtaken by retention, with the offsets that it has lost', () => {
    const overtaken = partition(1, { logStartOffset: 1_500, logEndOffset: 1_600 })
    const [finding] = judge(well({ partitions: [partition(0), overtaken, partition(2)] }))
    expect(finding).toMatchObject({
      code: 'OFFSET_OUT_OF_LOG',
      partition: 1,
      numbers: { recordsLost: 500 },
    })
    const beyond = partition(1, { committedOffset: 2_000 })
    expect(codes(well({ partitions: [partition(0), beyond, partition(2)] }))).toContain(
      'OFFSET_OUT_OF_LOG',
    )
  })

  it('unable to read what has no leader', () => {
    const dark = partition(2, {
      hasLeader: false,
      logEndOffset: null,
      lagRecords: null,
      lagMs: null,
    })
    expect(codes(well({ partitions: [partition(0), partition(1), dark] }))).toEqual([
      'PARTITION_WITHOUT_LEADER',
    ])
  })

  it('without members, when there is something to read', () => {
    expect(codes(well({ members: [], partitions: [partition(0, behind)] }))).toEqual(['NO_MEMBERS'])
  })

  it('in a rebalance loop when members come and go, and not when many have just been started', () => {
    const loop = [...incidents('SESSION_EXPIRED', 4), ...incidents('JOINED', 4)]
    const [finding] = judge(well({ incidents: loop }))
    expect(finding).toMatchObject({
      code: 'REBALANCE_LOOP',
      numbers: { joined: 4, sessionExpired: 4 },
    })
    expect(finding?.remedy).toContain('sessionTimeoutMs')
    expect(codes(well({ incidents: incidents('JOINED', 50) }))).toEqual(['NOTHING_WRONG'])
    const old = loop.map((each) => ({ ...each, atMs: each.atMs - 1_200_000 }))
    expect(codes(well({ incidents: old }))).toEqual(['NOTHING_WRONG'])
  })

  it('with two processes under one name', () => {
    const [finding] = judge(well({ incidents: incidents('MEMBER_ID_SHARED', 3, 'm1') }))
    expect(finding).toMatchObject({
      code: 'MEMBER_ID_SHARED',
      memberId: 'm1',
      numbers: { timesInTenMinutes: 3 },
    })
  })

  it('with a silent member, while one that has nothing or is heard of is not blamed', () => {
    const gone = { polling: false, sessionEndsInMs: 9_000, lastPollAtMs: NOW - 36_000 }
    const one = (of: Partial<MemberSight>) =>
      well({ members: [member('m0', of), member('m1'), member('m2')] })
    expect(codes(one(gone))).toEqual(['MEMBER_SILENT'])
    expect(codes(one({ ...gone, partitions: 0 }))).toEqual(['NOTHING_WRONG'])
    expect(codes(one({ ...gone, sessionEndsInMs: 40_000 }))).toEqual(['NOTHING_WRONG'])
    expect(codes(one({ releaseWantedSinceMs: NOW - 90_000 }))).toEqual(['RELEASE_OVERDUE'])
  })

  it('with a member that polls and does not commit, if its partitions lag', () => {
    const stuck = [member('m0', { lastCommitAtMs: NOW - 900_000 }), member('m1'), member('m2')]
    expect(codes(well({ members: stuck }))).toEqual(['NOTHING_WRONG'])
    const partitions = [partition(0, behind), partition(1), partition(2)]
    const found = judge(well({ members: stuck, partitions }))
    expect(found.find(({ code }) => code === 'MEMBER_DOES_NOT_COMMIT')).toMatchObject({
      memberId: 'm0',
      numbers: { uncommittedMs: 900_000 },
    })
  })

  it('with a hot partition and the key that makes it so', () => {
    const key = { key: Buffer.from('cust-9'), keyLength: 6, records: 620, bytes: 1, missedLoad: 2 }
    const keys = {
      windowMs: 60_000,
      records: 1_000,
      bytes: 100_000,
      keylessRecords: 0,
      keylessBytes: 0,
      unseenRecords: 0,
      keys: [key],
    }
    const hot = partition(1, { ...behind, keys })
    const [finding] = judge(well({ partitions: [partition(0), hot, partition(2)] }))
    expect(finding).toMatchObject({
      code: 'HOT_PARTITION',
      partition: 1,
      numbers: { lagRecords: 50_000, medianLagRecords: 10, heaviestKeyShare: 0.62 },
      keys,
    })
    expect(finding?.detail).toContain('62 %')
    const even = [0, 1, 2].map((index) => partition(index, behind))
    expect(codes(well({ partitions: even }))).not.toContain('HOT_PARTITION')
  })

  it('too slow by its rates, with fewer members than there could be', () => {
    const slow = { ...behind, owner: 'm0', arrivalsPerSecond: 900, commitsPerSecond: 100 }
    const sight = well({
      members: [member('m0')],
      partitions: [0, 1].map((i) => partition(i, slow)),
    })
    const [first, second] = judge(sight)
    expect(first).toMatchObject({
      code: 'MEMBER_TOO_SLOW',
      numbers: { arrivalsPerSecond: 1_800, commitsPerSecond: 200 },
    })
    expect(second).toMatchObject({
      code: 'FEWER_MEMBERS_THAN_PARTITIONS',
      numbers: { members: 1, partitions: 2 },
    })
  })

  it('not too slow because of one second without a commit', () => {
    const pausing = { ...behind, owner: 'm0', arrivalsPerSecond: 900, commitsPerSecond: 0 }
    const of = (lastCommitAtMs: number) =>
      well({ members: [member('m0', { lastCommitAtMs })], partitions: [partition(0, pausing)] })
    expect(codes(of(NOW - 5_000))).not.toContain('MEMBER_TOO_SLOW')
    expect(codes(of(NOW - 120_000))).toContain('MEMBER_TOO_SLOW')
  })

  it('catching up, with the time that it takes', () => {
    const fast = { ...behind, arrivalsPerSecond: 100, commitsPerSecond: 1_100 }
    const [finding] = judge(well({ members: [member('m0')], partitions: [partition(0, fast)] }))
    expect(finding).toMatchObject({ code: 'CATCHING_UP', numbers: { secondsLeft: 50 } })
  })

  it('with members that idle only when it lags', () => {
    const members = [member('m0'), member('m1', { partitions: 0 })]
    expect(codes(well({ members, partitions: [partition(0, behind)] }))).toContain(
      'MORE_MEMBERS_THAN_PARTITIONS',
    )
    expect(codes(well({ members, partitions: [partition(0)] }))).toEqual(['NOTHING_WRONG'])
  })
})

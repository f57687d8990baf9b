/**
 * Goal: what operators do to brokers and to the places of partitions never costs an acknowledged
 * record or a partition's writes, and what would is refused.
 */
import {
  PartitionFilter,
  type ReassignmentResult,
  ReplicaStanding,
} from '@courant/api/internal/v1/cluster'
import { brokerId as asBrokerId, systemRandom } from '@courant/kernel'
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest'
import { Cluster } from '../src/cluster.ts'
import { continueDrains } from '../src/drains/continue-drains.ts'
import { preferLeaders } from '../src/elections/prefer-leaders.ts'
import { cleanUp, newBroker, openDatabase } from './fixture.ts'
import { Fleet, type Row } from './fleet.ts'
import { Operator } from './operator.ts'

const BROKERS = [1, 2, 3, 4, 5]
let fleet: Fleet
let operator: Operator
let topicId: string

beforeAll(async () => {
  fleet = await Fleet.start(BROKERS)
  operator = new Operator(fleet.running.controlPlane.address)
})
afterAll(cleanUp)

beforeEach(async () => {
  await fleet.heal()
  await fleet.client.query('DELETE FROM courant.topic')
  topicId = await fleet.createTopic()
})

function row(): Promise<Row> {
  return fleet.row(topicId)
}

/** Brokers without a replica of the partition. */
async function others(): Promise<[one: number, other: number]> {
  const { replicas } = await row()
  const [one, other] = BROKERS.filter((brokerId) => !replicas.includes(brokerId))
  return [one ?? 0, other ?? 0]
}

/** The leader finds that all replicas are in sync. */
async function catchUp(): Promise<void> {
  const { replicas } = await row()
  expect(await fleet.alter(topicId, fleet.members(...replicas))).toMatchObject({ error: '' })
}

describe('a partition that moves to other brokers', () => {
  it('has its old replicas until the new ones are in sync, and a new term then', async () => {
    const before = await row()
    const [leader = 0, kept = 0, leaving = 0] = before.replicas
    const [added] = await others()
    const started = await operator.reassign(topicId, [leader, kept, added])
    expect(started).toMatchObject({
      error: '',
      row: { replicas: [leader, kept, leaving, added], addingReplicas: [added], leader },
    })
    expect(started.row?.removingReplicas).toEqual([leaving])
    await catchUp()
    expect(await row()).toMatchObject({
      replicas: [leader, kept, added],
      in_sync_replicas: [leader, kept, added],
      target_replicas: [],
      adding_replicas: [],
      leader,
      // What the one that left has fetched must not count if it comes back (bug 9).
      leader_epoch: before.leader_epoch + 1,
    })
  })

  it('gets a leader among its new replicas when the old one leaves', async () => {
    const { replicas } = await row()
    const [leaving = 0, ...kept] = replicas
    const [added] = await others()
    await operator.reassign(topicId, [added, ...kept])
    await catchUp()
    expect(await row()).toMatchObject({ replicas: [added, ...kept], leader: added })
    expect((await row()).in_sync_replicas).not.toContain(leaving)
  })

  it('waits while too few of those that stay are in sync', async () => {
    const { replicas } = await row()
    const [leader = 0, kept = 0, leaving = 0] = replicas
    const [added] = await others()
    await fleet.alter(topicId, fleet.members(leader, leaving))
    await operator.reassign(topicId, [kept, added])
    await fleet.alter(topicId, fleet.members(leader, leaving, added))
    expect(await row()).toMatchObject({ leader, target_replicas: [kept, added] })
    await catchUp()
    expect(await row()).toMatchObject({ replicas: [kept, added], leader: kept })
  })

  it('ends its move also by an election, when that was all it waited for', async () => {
    const { replicas } = await row()
    const [leader = 0, kept = 0, leaving = 0] = replicas
    const [added] = await others()
    await operator.reassign(topicId, [added, kept])
    await fleet.wish(kept, { wantShutdown: true })
    await fleet.alter(topicId, fleet.members(leader, leaving, added))
    expect((await row()).target_replicas).toEqual([added, kept])
    await fleet.client.query('UPDATE courant.partition SET effective_min_isr = 1')
    await fleet.fence(leaving)
    expect(await row()).toMatchObject({ replicas: [added, kept], leader: added })
  })

  it('that only changes the order of its replicas does so at once', async () => {
    const before = await row()
    const target = before.replicas.toReversed()
    expect(await operator.reassign(topicId, target)).toMatchObject({ error: '' })
    expect(await row()).toMatchObject({
      replicas: target,
      target_replicas: [],
      leader: before.leader,
      leader_epoch: before.leader_epoch,
    })
    expect(await operator.preferLeaders(topicId)).toBe(1)
    expect((await row()).leader).toBe(target[0])
  })

  it('is where it was when the move is cancelled', async () => {
    const before = await row()
    const [added, other] = await others()
    await operator.reassign(topicId, [added, other, before.replicas[0] ?? 0])
    expect(await operator.cancel(topicId)).toMatchObject({ error: '' })
    expect(await row()).toMatchObject({
      replicas: before.replicas,
      in_sync_replicas: before.in_sync_replicas,
      target_replicas: [],
      leader: before.leader,
    })
    expect(await operator.cancel(topicId)).toMatchObject({ error: 'NO_REASSIGNMENT_IN_PROGRESS' })
  })

  it('is not cancelled when what was acknowledged may be on its new replicas only', async () => {
    const [leader = 0, kept = 0] = (await row()).replicas
    const [added, other] = await others()
    await operator.reassign(topicId, [leader, kept, added, other])
    await fleet.alter(topicId, fleet.members(leader, added))
    expect(await operator.cancel(topicId)).toMatchObject({ error: 'NOT_ENOUGH_REPLICAS' })
    expect(await row()).toMatchObject({ adding_replicas: [added, other] })
  })

  it('changes nothing when it is asked for twice, and goes nowhere else meanwhile', async () => {
    const [leader = 0, kept = 0] = (await row()).replicas
    const [added, other] = await others()
    await operator.reassign(topicId, [leader, kept, added])
    const before = await row()
    expect(await operator.reassign(topicId, [leader, kept, added])).toMatchObject({ error: '' })
    expect(await operator.reassign(topicId, [leader, kept, other])).toMatchObject({
      error: 'REASSIGNMENT_IN_PROGRESS',
    })
    expect(await row()).toEqual(before)
  })

  it('goes to no broker that is not there or not active, twice to none, and to enough', async () => {
    const [leader = 0, kept = 0] = (await row()).replicas
    const [fenced] = await others()
    await fleet.fence(fenced)
    const before = await row()
    for (const bad of [
      [leader, kept, 99],
      [leader, kept, fenced],
      [leader, leader],
      [leader],
      [],
    ]) {
      expect(await operator.reassign(topicId, bad)).toMatchObject({
        error: 'INVALID_REPLICA_ASSIGNMENT',
      })
    }
    expect(await row()).toEqual(before)
  })

  it('does so beside others that cannot', async () => {
    const [first] = await others()
    const reassignments = [
      { topicId: systemRandom.uuid(), partition: 0, replicas: [1, 2] },
      { topicId, partition: 0, replicas: [first, ...(await row()).replicas.slice(1)] },
    ]
    const results: ReassignmentResult[] = await operator.reassignAll(reassignments)
    expect(results.map(({ error }) => error)).toEqual(['PARTITION_NOT_FOUND', ''])
  })

  it('takes the replication factor of its topic along', async () => {
    const [one, other] = await others()
    await operator.reassign(topicId, [...(await row()).replicas, one, other])
    const { rows } = await fleet.client.query('SELECT replication_factor FROM courant.topic')
    expect(rows).toEqual([{ replication_factor: 5 }])
  })

  it('is throttled by what every broker reads in its own row, also one that comes later', async () => {
    const { metadataVersion } = await operator.setThrottle(1_048_576)
    const { copy } = await fleet.running.watch(metadataVersion, 'broker')
    const throttles = copy.brokers().map((broker) => broker.reassignmentBytesPerSecond)
    expect(throttles).toEqual(BROKERS.map(() => 1_048_576))
    const late = await fleet.running.register(newBroker(77))
    await copy.atLeast(late.metadataVersion, 5_000)
    expect(copy.broker(asBrokerId(77))?.reassignmentBytesPerSecond).toBe(1_048_576)
    await operator.remove(77).catch(() => {})
    await fleet.client.query('DELETE FROM courant.broker WHERE broker_id = 77')
    await operator.setThrottle(0)
    await expect(operator.setThrottle(-1)).rejects.toMatchObject({ code: 'INVALID_ARGUMENT' })
  })
})

describe('a broker that is drained', () => {
  it('gives its replicas to others and gets none, until it is empty and may go', async () => {
    const drained = (await row()).leader ?? 0
    await operator.drain(drained)
    expect((await operator.brokers()).get(drained)).toMatchObject({ drainingReplicas: true })
    await catchUp()
    expect((await row()).replicas).not.toContain(drained)
    const late = await fleet.row(await fleet.createTopic({ replicationFactor: 4 }))
    expect(late.replicas).not.toContain(drained)
    expect((await operator.brokers()).get(drained)).toMatchObject({ replicas: 0, leaderships: 0 })
    await operator.undrain(drained)
  })

  it('keeps what has not moved yet when an operator thinks better of it', async () => {
    const before = await row()
    await operator.drain(before.replicas[1] ?? 0)
    expect((await row()).target_replicas).toHaveLength(3)
    await operator.undrain(before.replicas[1] ?? 0)
    expect(await row()).toMatchObject({ replicas: before.replicas, target_replicas: [] })
  })

  it('moves a bounded number of partitions at a time', async () => {
    await fleet.createTopic({ partitionCount: 80, replicationFactor: 4 })
    await operator.drain(1)
    const { rows } = await fleet.client.query(
      "SELECT count(*)::int FROM courant.partition WHERE target_replicas <> '{}'",
    )
    expect(rows).toEqual([{ count: 50 }])
    const cluster = await Cluster.open(openDatabase(fleet.url))
    expect(await continueDrains(cluster)).toBe(0)
    await operator.undrain(1)
  })

  it('is refused when the others are too few', async () => {
    await fleet.createTopic({ replicationFactor: 5 })
    await expect(operator.drain(1)).rejects.toMatchObject({ code: 'BROKER_UNAVAILABLE' })
    expect((await operator.brokers()).get(1)).toMatchObject({ drainingReplicas: false })
    await expect(operator.drain(99)).rejects.toMatchObject({ code: 'BROKER_NOT_FOUND' })
  })
})

describe('a broker that is removed', () => {
  it('is dead, holds nothing, and is forgotten by everybody', async () => {
    const dead = (await others())[0]
    await expect(operator.remove(dead)).rejects.toMatchObject({ code: 'BROKER_IN_USE' })
    await fleet.fence(dead)
    const { metadataVersion } = await operator.remove(dead)
    const { copy } = await fleet.running.watch(metadataVersion)
    expect(copy.broker(asBrokerId(dead))).toBeNull()
    await expect(operator.remove(dead)).rejects.toMatchObject({ code: 'BROKER_NOT_FOUND' })
    await fleet.restart(dead)
  })

  it('is not removed while a replica is its own, dead or not', async () => {
    const [, holder = 0] = (await row()).replicas
    await fleet.fence(holder)
    await expect(operator.remove(holder)).rejects.toMatchObject({ code: 'BROKER_IN_USE' })
  })
})

describe('preferred leaders', () => {
  it('lead again after a restart once they are in sync, and not before', async () => {
    const { replicas } = await row()
    const [preferred = 0] = replicas
    await fleet.restart(preferred)
    expect((await row()).leader).not.toBe(preferred)
    expect(await operator.preferLeaders()).toBe(0)
    await catchUp()
    expect(await operator.preferLeaders()).toBe(1)
    expect(await row()).toMatchObject({ leader: preferred })
  })

  it('come back a few at a time when nobody is in a hurry', async () => {
    topicId = await fleet.createTopic({ partitionCount: 4, replicationFactor: 2, minimum: 1 })
    await fleet.client.query(
      'UPDATE courant.partition SET leader = replicas[2] WHERE topic_id = $1',
      [topicId],
    )
    const cluster = await Cluster.open(openDatabase(fleet.url))
    expect(await preferLeaders(cluster, { max: 3 })).toBe(3)
    expect(await preferLeaders(cluster, { max: 3 })).toBe(1)
    expect(await preferLeaders(cluster, { max: 3 })).toBe(0)
  })
})

describe('an unclean election', () => {
  /** The only replica that has everything is gone for good. */
  async function lose(): Promise<[lost: number, behind: number]> {
    topicId = await fleet.createTopic({ replicationFactor: 2, minimum: 1 })
    const [leader = 0, behind = 0] = (await row()).replicas
    await fleet.alter(topicId, fleet.members(leader))
    await fleet.fence(leader)
    return [leader, behind]
  }

  it('tells first what may be lost, and changes nothing', async () => {
    const [lost, behind] = await lose()
    const before = await row()
    const { elected, replicas } = await operator.electUnclean(topicId, behind, false)
    expect(elected).toBe(false)
    expect(new Map(replicas.map((report) => [report.brokerId, report.standing]))).toEqual(
      new Map([
        [lost, ReplicaStanding.REPLICA_STANDING_ELIGIBLE],
        [behind, ReplicaStanding.REPLICA_STANDING_UNSPECIFIED],
      ]),
    )
    expect(await row()).toEqual(before)
  })

  it('tells of a replica that is eligible only as long as nobody looks at its disk', async () => {
    const [lost, behind] = await lose()
    await fleet.running.register(newBroker(lost))
    const { replicas } = await operator.electUnclean(topicId, behind, false)
    expect(replicas.find(({ brokerId }) => brokerId === lost)).toMatchObject({
      standing: ReplicaStanding.REPLICA_STANDING_LAST_KNOWN_ELIGIBLE,
    })
  })

  it('gives the partition a leader, and followers the term from which they may cut', async () => {
    const [, behind] = await lose()
    const before = await row()
    expect((await operator.electUnclean(topicId, behind, true)).elected).toBe(true)
    expect(await row()).toMatchObject({
      leader: behind,
      leader_epoch: before.leader_epoch + 1,
      in_sync_replicas: [behind],
      eligible_replicas: [],
      last_unclean_leader_epoch: before.leader_epoch + 1,
    })
  })

  it('is refused while a clean one is possible, and for who is not an active replica', async () => {
    const refused = { code: 'ELECTION_NOT_NEEDED' }
    const [leader = 0] = (await row()).replicas
    await expect(operator.electUnclean(topicId, leader, true)).rejects.toMatchObject(refused)
    const [lost] = await lose()
    const invalid = { code: 'INVALID_REPLICA_ASSIGNMENT' }
    await expect(operator.electUnclean(topicId, lost, true)).rejects.toMatchObject(invalid)
    const stranger = (await others())[0]
    await expect(operator.electUnclean(topicId, stranger, true)).rejects.toMatchObject(invalid)
  })
})

describe('lists of partitions', () => {
  it('show what is wrong, page by page', async () => {
    const [leader = 0, follower = 0] = (await row()).replicas
    const { PARTITION_FILTER_UNDER_REPLICATED, PARTITION_FILTER_BELOW_MINIMUM } = PartitionFilter
    await fleet.createTopic({ partitionCount: 3 })
    await fleet.alter(topicId, fleet.members(leader, follower))
    const behind = { filter: PARTITION_FILTER_UNDER_REPLICATED }
    const { partitions } = await operator.partitions(behind)
    expect(partitions.map(({ partition }) => partition?.topicId)).toEqual([topicId])
    const short = await operator.partitions({ filter: PARTITION_FILTER_BELOW_MINIMUM })
    expect(short.partitions).toEqual([])
    const first = await operator.partitions({ limit: 3 })
    expect(first.more).toBe(true)
    const last = first.partitions.at(-1)?.partition
    const rest = await operator.partitions({
      afterTopicId: last?.topicId ?? '',
      afterPartition: last?.partition ?? 0,
    })
    expect(rest.partitions).toHaveLength(1)
  })

  it('of brokers say what each holds', async () => {
    const { replicas, leader } = await row()
    const [, follower = 0, behind = 0] = replicas
    await fleet.alter(topicId, fleet.members(leader ?? 0, follower))
    const held = await operator.brokers()
    expect(held.get(leader ?? 0)).toMatchObject({
      leaderships: 1,
      preferredLeaderships: 1,
      replicas: 1,
      replicasInSync: 1,
    })
    expect(held.get(behind)).toMatchObject({ leaderships: 0, replicas: 1, replicasInSync: 0 })
  })
})

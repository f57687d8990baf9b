/**
 * Goal: a leader alone decides who is in sync, from the newest state alone, and only for brokers
 * that count: who is fenced, restarted or on its way out never gets in (B4).
 */
import type { InSyncReplica, InSyncResult } from '@courant/api/internal/v1/broker'
import { topicId as asTopicId, partitionIndex, systemRandom } from '@courant/kernel'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { cleanUp, type Running, until } from './fixture.ts'
import { changeOf, Fleet, type Row } from './fleet.ts'

const BROKERS = [1, 2, 3]
let fleet: Fleet
let running: Running
/** Of the test that runs. */
let topicId: string

beforeAll(async () => {
  fleet = await Fleet.start(BROKERS)
  running = fleet.running
})
afterAll(cleanUp)

/** A topic on three active brokers, whose minimum of in-sync replicas is two if it is not given. */
async function startWithTopic(options: { partitionCount?: number; minimum?: number } = {}) {
  await fleet.heal()
  topicId = await fleet.createTopic(options)
}

function row(): Promise<Row> {
  return fleet.row(topicId)
}

function members(...ids: number[]): InSyncReplica[] {
  return fleet.members(...ids)
}

function sender(brokerId: number | null) {
  return fleet.sender(brokerId)
}

function alter(inSyncReplicas: InSyncReplica[]): Promise<InSyncResult> {
  return fleet.alter(topicId, inSyncReplicas)
}

async function followers(): Promise<[leader: number, one: number, other: number]> {
  const { leader } = await row()
  const [one, other] = BROKERS.filter((brokerId) => brokerId !== leader)
  return [leader ?? 0, one ?? 0, other ?? 0]
}

describe('a leader', () => {
  it('takes replicas out and in again, each time with a new partition epoch', async () => {
    await startWithTopic()
    const [leader, one, other] = await followers()
    const first = await alter(members(leader, one))
    expect(first).toMatchObject({ error: '', row: { partitionEpoch: 1, leaderEpoch: 0, leader } })
    expect(await row()).toMatchObject({ partition_epoch: 1, eligible_replicas: [] })
    expect((await alter(members(leader, one, other))).row?.inSyncReplicas.sort()).toEqual(BROKERS)
  })

  it('leaves eligible who goes below the minimum, and forgets it at the minimum (KIP-966)', async () => {
    await startWithTopic()
    const [leader, one, other] = await followers()
    await alter(members(leader, one))
    const alone = await alter(members(leader))
    expect(alone.row).toMatchObject({ inSyncReplicas: [leader], eligibleReplicas: [one] })
    await alter(members(leader, other))
    expect(await row()).toMatchObject({ eligible_replicas: [] })
  })

  it('is answered the state that everybody sees from that version on', async () => {
    await startWithTopic()
    const [leader, one] = await followers()
    const now = await row()
    const change = changeOf(now, members(leader, one))
    const answer = await running.alterPartitions(sender(leader), [change])
    const { copy } = await running.watch(answer.metadataVersion, 'broker')
    const known = copy.partition(asTopicId(topicId), partitionIndex(0))
    expect(known).toMatchObject({ inSyncReplicas: answer.results[0]?.row?.inSyncReplicas })
  })

  it('that asks again, because the answer was lost, is told what became of it (bug 41)', async () => {
    await startWithTopic()
    const [leader, one] = await followers()
    const change = changeOf(await row(), members(leader, one))
    const first = await running.alterPartitions(sender(leader), [change])
    const second = await running.alterPartitions(sender(leader), [change])
    expect(second.results[0]).toEqual({
      ...first.results[0],
      error: 'INVALID_UPDATE_VERSION',
    })
    expect(second.metadataVersion).toBe(first.metadataVersion)
  })

  it('alters many partitions at once, and one that fails holds up no other', async () => {
    await startWithTopic({ partitionCount: 3 })
    const all = await fleet.rows(topicId)
    const [leader] = await followers()
    const own = all.filter((of) => of.leader === leader)
    const foreign = all.filter((of) => of.leader !== leader)
    const changes = all.map((of) => changeOf(of, members(leader)))
    const again = changes.slice(0, 1)
    const { results } = await running.alterPartitions(sender(leader), [...changes, ...again])
    expect(results.filter(({ error }) => error === '')).toHaveLength(own.length)
    expect(results.filter(({ error }) => error === 'NOT_LEADER')).toHaveLength(foreign.length)
    expect(results.at(-1)).toMatchObject({ partition: 0, error: 'INVALID_UPDATE_VERSION' })
  })
})

describe('a replica that finds its disk damaged', () => {
  /** Asks to go on with those who are in sync but itself. */
  async function withdraw(brokerId: number): Promise<InSyncResult> {
    const now = await row()
    const others = now.in_sync_replicas.filter((member) => member !== brokerId)
    const change = changeOf(now, members(...others))
    const { results } = await running.alterPartitions(sender(brokerId), [change])
    return results[0] as InSyncResult
  }

  it('hands over what it leads, and cannot be elected', async () => {
    await startWithTopic()
    const [leader, one, other] = await followers()
    expect((await withdraw(leader)).error).toBe('')
    const after = await row()
    expect(after).toMatchObject({ leader_epoch: 1, partition_epoch: 1, eligible_replicas: [] })
    expect([one, other]).toContain(after.leader)
    expect(after.in_sync_replicas.sort()).toEqual([one, other].sort())
  })

  it('follows in a new term, in which nothing that it had fetched counts', async () => {
    await startWithTopic()
    const [leader, one, other] = await followers()
    await alter(members(leader, one))
    expect((await withdraw(one)).error).toBe('')
    expect(await row()).toMatchObject({
      leader,
      leader_epoch: 1,
      in_sync_replicas: [leader],
      eligible_replicas: [],
    })
    expect((await withdraw(other)).error).toBe('')
    expect(await row()).toMatchObject({ leader, leader_epoch: 2, in_sync_replicas: [leader] })
  })

  it('stays where nobody else has everything', async () => {
    await startWithTopic()
    const [leader, one] = await followers()
    await alter(members(leader))
    expect((await withdraw(leader)).error).toBe('INVALID_ARGUMENT')
    expect(await row()).toMatchObject({ leader, in_sync_replicas: [leader] })
    expect((await withdraw(one)).error).toBe('')
    expect((await row()).eligible_replicas).not.toContain(one)
  })
})

describe('a change of in-sync replicas is refused', () => {
  async function expectRefused(result: InSyncResult, error: string): Promise<void> {
    expect(result.error).toBe(error)
    const after = await row()
    expect(result.row).toMatchObject({
      partitionEpoch: after.partition_epoch,
      inSyncReplicas: after.in_sync_replicas,
    })
  }

  it('from an old partition epoch, whatever it asks for', async () => {
    await startWithTopic()
    const [leader, one, other] = await followers()
    const old = changeOf(await row(), members(leader, one))
    await alter(members(leader, other))
    const before = await fleet.version()
    const { results } = await running.alterPartitions(sender(leader), [old])
    await expectRefused(results[0] as InSyncResult, 'INVALID_UPDATE_VERSION')
    expect(await fleet.version()).toBe(before)
  })

  it('in an old term, also if it comes late from the one who leads again', async () => {
    await startWithTopic()
    const [leader, one] = await followers()
    const old = { ...changeOf(await row(), members(leader, one)), partitionEpoch: 2 }
    await fleet.client.query(
      'UPDATE courant.partition SET leader_epoch = 2, partition_epoch = 2 WHERE topic_id = $1',
      [topicId],
    )
    const { results } = await running.alterPartitions(sender(leader), [old])
    await expectRefused(results[0] as InSyncResult, 'FENCED_LEADER_EPOCH')
  })

  it('from somebody who does not lead', async () => {
    await startWithTopic()
    const [, one, other] = await followers()
    const change = changeOf(await row(), members(one, other))
    const { results } = await running.alterPartitions(sender(one), [change])
    await expectRefused(results[0] as InSyncResult, 'NOT_LEADER')
  })

  it('from a leader that knows more than the database: that went back in time (bug 39)', async () => {
    await startWithTopic()
    const [leader, one] = await followers()
    const change = changeOf(await row(), members(leader, one))
    for (const newer of [{ partitionEpoch: 1 }, { leaderEpoch: 1 }]) {
      const { results } = await running.alterPartitions(sender(leader), [{ ...change, ...newer }])
      await expectRefused(results[0] as InSyncResult, 'METADATA_ROLLBACK')
    }
  })

  it('without the leader, with a stranger, or with the same twice', async () => {
    await startWithTopic()
    const [leader, one, other] = await followers()
    for (const bad of [[one], [one, other, 9], [leader, 9], [leader, leader], []]) {
      await expectRefused(await alter(members(...bad)), 'INVALID_ARGUMENT')
    }
  })

  it('of a partition that is not there', async () => {
    await startWithTopic()
    const [leader] = await followers()
    const change = changeOf(await row(), members(leader))
    const { results } = await running.alterPartitions(sender(leader), [
      { ...change, topicId: systemRandom.uuid() },
      { ...change, topicId: 'not a uuid' },
      { ...change, partition: 7 },
    ])
    for (const result of results) {
      expect(result).toMatchObject({ error: 'PARTITION_NOT_FOUND', row: undefined })
    }
  })

  it('in favour of a broker that is fenced or on its way out (KIP-841, bug 10)', async () => {
    await startWithTopic()
    const [leader, one, other] = await followers()
    await alter(members(leader))
    await fleet.wish(one, { storageOffline: true })
    await fleet.wish(other, { wantShutdown: true })
    for (const brokerId of [one, other]) {
      await expectRefused(await alter(members(leader, brokerId)), 'INELIGIBLE_REPLICA')
    }
  })

  it('in favour of a broker that has restarted since it fetched (KIP-903, bug 11)', async () => {
    await startWithTopic()
    const [leader, one] = await followers()
    const fetched = members(leader, one)
    await fleet.restart(one)
    await expectRefused(await alter(fetched), 'INELIGIBLE_REPLICA')
    const unseen = [...members(leader), { brokerId: one, brokerEpoch: 0 }]
    await expectRefused(await alter(unseen), 'INELIGIBLE_REPLICA')
  })

  it('as a whole when the leader has begun anew', async () => {
    await startWithTopic()
    const now = await row()
    const old = sender(now.leader)
    const change = changeOf(now, members(...now.in_sync_replicas))
    await fleet.restart(now.leader ?? 0)
    await expect(running.alterPartitions(old, [change])).rejects.toMatchObject({
      code: 'STALE_BROKER_EPOCH',
    })
  })

  it('when a member is being fenced at this very moment: it waits and sees it (bug 10)', async () => {
    await startWithTopic()
    const [leader, one, other] = await followers()
    await alter(members(leader, one))
    await fleet.client.query('BEGIN')
    await fleet.client.query("UPDATE courant.broker SET state = 'fenced' WHERE broker_id = $1", [
      other,
    ])
    let isAnswered = false
    const answer = alter(members(leader, one, other)).finally(() => {
      isAnswered = true
    })
    await until(async () => {
      const { rows: waiting } = await fleet.client.query(
        `SELECT FROM pg_stat_activity WHERE wait_event_type = 'Lock' AND usename IS NOT NULL`,
      )
      return isAnswered || waiting.length > 0
    })
    await fleet.client.query('COMMIT')
    await expectRefused(await answer, 'INELIGIBLE_REPLICA')
  })
})

describe('a replica that catches up with a leader that wants to stop', () => {
  it('leads in its place at once', async () => {
    await startWithTopic({ minimum: 1 })
    const [leader, one] = await followers()
    await alter(members(leader))
    await fleet.wish(leader, { wantShutdown: true })
    const { error, row: after } = await alter(members(leader, one))
    expect(error).toBe('')
    expect(after).toMatchObject({ leader: one, leaderEpoch: 1, inSyncReplicas: [one] })
  })
})

describe('producer ids', () => {
  it('come in blocks that nobody else gets, with their owner on record', async () => {
    await startWithTopic()
    const answers = await Promise.all(
      [...BROKERS, ...BROKERS].map((brokerId) => {
        const owner = brokerId === 1 ? fleet.tenantId : ''
        return running.allocateProducerIds({ ...sender(brokerId), tenantId: owner })
      }),
    )
    expect(new Set(answers.map(({ firstProducerId }) => firstProducerId)).size).toBe(6)
    for (const { firstProducerId, count } of answers) expect(firstProducerId % count).toBe(0)
    const { rows: owned } = await fleet.client.query(
      'SELECT tenant_id FROM courant.producer_id_block WHERE broker_id = 1',
    )
    expect(owned).toEqual([{ tenant_id: fleet.tenantId }, { tenant_id: fleet.tenantId }])
  })

  it('go to no broker of an earlier epoch, and to no tenant that is not there', async () => {
    await startWithTopic()
    const { brokerId, brokerEpoch } = sender(1)
    const stale = running.allocateProducerIds({ brokerId, brokerEpoch: brokerEpoch - 1 })
    await expect(stale).rejects.toMatchObject({ code: 'STALE_BROKER_EPOCH' })
    const foreign = running.allocateProducerIds({ ...sender(1), tenantId: systemRandom.uuid() })
    await expect(foreign).rejects.toMatchObject({ code: 'TENANT_NOT_FOUND' })
  })
})

/**
 * Goal: what a caller may rely on when it creates, alters and deletes: repeats are harmless, also
 * side by side, and what is not possible is refused with a reason.
 */
import { limits } from '@courant/kernel'
import type pg from 'pg'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { parseApiKey } from '../src/api-keys/api-key-secret.ts'
import { cleanUp, connect, databases, newBroker, type Running, start } from './fixture.ts'

let url: string
let running: Running
/** Looks at the tables beside the control plane. */
let client: pg.Client
let tenantId: string

beforeAll(async () => {
  url = await databases.create()
  running = await start(url)
  client = await connect(url)
  for (const id of [1, 2, 3, 4]) await running.activeBroker(newBroker(id))
  tenantId = (await running.createTenant('acme')).tenant?.tenantId ?? ''
})
afterAll(async () => {
  await cleanUp()
})

async function rows(statement: string): Promise<Record<string, unknown>[]> {
  return (await client.query(statement)).rows
}

describe('a tenant', () => {
  it('is created once by callers side by side, and one of them gets its key', async () => {
    const answers = await Promise.all(
      Array.from({ length: 8 }, () => running.createTenant('raced')),
    )
    expect(new Set(answers.map(({ tenant }) => tenant?.tenantId)).size).toBe(1)
    const created = answers.filter((answer) => answer.created)
    expect(created).toHaveLength(1)
    const key = parseApiKey(created[0]?.apiKeyText ?? '')
    expect(key?.secretSha256).toEqual(created[0]?.apiKey?.secretSha256)
    expect(answers.filter(({ apiKeyText }) => apiKeyText !== '')).toHaveLength(1)
  })

  it('is listed by name, page by page', async () => {
    for (const name of ['list-c', 'list-a', 'list-b']) await running.createTenant(name)
    const first = await running.listTenants({ limit: 2, afterName: '', prefix: 'list-' })
    expect(first.tenants.map(({ name }) => name)).toEqual(['list-a', 'list-b'])
    expect(first.more).toBe(true)
    const rest = await running.listTenants({ limit: 2, afterName: 'list-b', prefix: 'list-' })
    expect(rest.tenants.map(({ name }) => name)).toEqual(['list-c'])
    expect(rest.more).toBe(false)
  })

  it.each(['', 'x'.repeat(limits.tenantNameLengthMax + 1), 'a\u0000b'])(
    'is not called %j',
    async (name) => {
      await expect(running.createTenant(name)).rejects.toMatchObject({ code: 'INVALID_ARGUMENT' })
    },
  )
})

describe('an API key', () => {
  it('is shown once, stored as a hash, listed, found, and gone when revoked', async () => {
    const { apiKey, apiKeyText } = await running.createApiKey({ tenantId, name: 'ci-1' })
    const keyId = apiKey?.keyId ?? ''
    expect(apiKeyText).toMatch(new RegExp(`^crt_${keyId}_[0-9A-Za-z]{43}$`))
    const secret = apiKeyText.slice(-43)
    expect(JSON.stringify(await rows('SELECT * FROM courant.api_key'))).not.toContain(secret)
    const listed = await running.listApiKeys({ tenantId, prefix: 'ci-' })
    expect(listed.apiKeys.map((key) => key.keyId)).toEqual([keyId])
    expect((await running.lookupApiKey(keyId)).found).toBe(true)
    await running.revokeApiKey({ tenantId, keyId })
    expect((await running.lookupApiKey(keyId)).found).toBe(false)
    await expect(running.revokeApiKey({ tenantId, keyId })).rejects.toMatchObject({
      code: 'API_KEY_NOT_FOUND',
    })
  })

  it('of another tenant cannot be revoked, and is not told from a missing one', async () => {
    const other = await running.createTenant('other')
    const keyId = other.apiKey?.keyId ?? ''
    await expect(running.revokeApiKey({ tenantId, keyId })).rejects.toMatchObject({
      code: 'API_KEY_NOT_FOUND',
    })
    expect((await running.lookupApiKey(keyId)).found).toBe(true)
  })

  it('does not expire in the past, nor belong to a tenant that does not exist', async () => {
    await expect(
      running.createApiKey({ tenantId, name: 'late', expiresAtMs: 1 }),
    ).rejects.toMatchObject({ code: 'INVALID_ARGUMENT' })
    const nobody = '00000000-0000-4000-8000-000000000000'
    for (const missing of [nobody, 'no uuid', '']) {
      await expect(running.createApiKey({ tenantId: missing, name: 'x' })).rejects.toMatchObject({
        code: 'TENANT_NOT_FOUND',
      })
    }
  })

  it('of the operator is the configured one and no other', async () => {
    const [first, second] = ['A', 'B'].map((letter) => `crt_${letter.repeat(16)}_${'s'.repeat(43)}`)
    const operators = `SELECT key_id FROM courant.api_key WHERE scope = 'operator'`
    await start(url, { operatorKey: first ?? '' })
    expect(await rows(operators)).toEqual([{ key_id: 'A'.repeat(16) }])
    await start(url, { operatorKey: second ?? '' })
    const before = await running.lookupApiKey('')
    await start(url, { operatorKey: second ?? '' })
    expect(await rows(operators)).toEqual([{ key_id: 'B'.repeat(16) }])
    expect(await running.lookupApiKey('')).toEqual(before)
  })
})

describe('a topic', () => {
  it('is created once by callers side by side', async () => {
    const topic = { tenantId, name: 'raced', partitionCount: 3, config: { 'retention.ms': '5' } }
    const answers = await Promise.all(Array.from({ length: 8 }, () => running.createTopic(topic)))
    expect(new Set(answers.map((answer) => answer.topic?.topicId)).size).toBe(1)
    expect(answers.filter(({ created }) => created)).toHaveLength(1)
  })

  it('has three replicas and a minimum of two by default, with the leader among them', async () => {
    const { topic } = await running.createTopic({ tenantId, name: 'defaults' })
    expect(topic).toMatchObject({
      partitionCount: 1,
      replicationFactor: 3,
      config: { 'min.insync.replicas': '2' },
    })
    const state = await rows(
      `SELECT effective_min_isr AS min, in_sync_replicas = replicas AS all_in_sync,
         leader = replicas[1] AS first_leads
         FROM courant.partition WHERE topic_id = '${topic?.topicId}'`,
    )
    expect(state).toEqual([{ min: 2, all_in_sync: true, first_leads: true }])
  })

  it('that exists with other properties is told from an equal one, whatever is left to defaults', async () => {
    const equal = { tenantId, name: 'equal', partitionCount: 2 }
    await running.createTopic(equal)
    const same = { ...equal, replicationFactor: 3, config: { 'min.insync.replicas': '2' } }
    expect((await running.createTopic(same)).created).toBe(false)
    for (const different of [
      { partitionCount: 3 },
      { replicationFactor: 2, config: { 'min.insync.replicas': '2' } },
      { config: { 'segment.ms': '60000' } },
    ]) {
      await expect(running.createTopic({ ...equal, ...different })).rejects.toMatchObject({
        code: 'TOPIC_ALREADY_EXISTS',
      })
    }
  })

  it.each([
    ['INVALID_TOPIC_NAME', { name: '..' }],
    ['INVALID_PARTITIONS', { partitionCount: limits.partitionsPerTopicMax + 1 }],
    ['INVALID_PARTITIONS', { partitionCount: -1 }],
    ['INVALID_REPLICATION_FACTOR', { replicationFactor: 5 }],
    ['INVALID_REPLICATION_FACTOR', { replicationFactor: -1 }],
    ['INVALID_CONFIG', { config: { 'retention.ms': 'soon' } }],
    ['INVALID_CONFIG', { config: { 'no.such.setting': '1' } }],
    ['INVALID_CONFIG', { config: { constructor: '1' } }],
    ['INVALID_CONFIG', { replicationFactor: 1, config: { 'min.insync.replicas': '2' } }],
  ])('is refused as %s for %j', async (code, part) => {
    await expect(running.createTopic({ tenantId, name: 'refused', ...part })).rejects.toMatchObject(
      { code },
    )
  })

  it('returns settings to their defaults, and its minimum moves with the partitions (B3.4)', async () => {
    const name = 'altered'
    const config = { 'retention.ms': '5', 'min.insync.replicas': '3' }
    const { topic } = await running.createTopic({ tenantId, name, config })
    const change = { tenantId, name, set: { 'segment.ms': '60000' }, reset: ['retention.ms'] }
    const altered = await running.alterTopic(change)
    expect(altered.topic?.config).toEqual({ 'min.insync.replicas': '3', 'segment.ms': '60000' })
    expect((await running.alterTopic(change)).metadataVersion).toBe(altered.metadataVersion)
    const state = `SELECT effective_min_isr AS min, partition_epoch AS epoch
      FROM courant.partition WHERE topic_id = '${topic?.topicId}'`
    expect(await rows(state)).toEqual([{ min: 3, epoch: 0 }])
    await running.alterTopic({ tenantId, name, reset: ['min.insync.replicas'] })
    expect(await rows(state)).toEqual([{ min: 2, epoch: 1 }])
  })

  it('gets more partitions and never fewer', async () => {
    const name = 'growing'
    await running.createTopic({ tenantId, name, partitionCount: 2, replicationFactor: 1 })
    const grown = await running.addPartitions({ tenantId, name, partitionCount: 8 })
    expect(grown.topic?.partitionCount).toBe(8)
    const leaders = await rows(`SELECT leader, count(*)::int FROM courant.partition
      WHERE topic_id = '${grown.topic?.topicId}' GROUP BY leader ORDER BY leader`)
    expect(leaders.map(({ count }) => count)).toEqual([2, 2, 2, 2])
    const repeat = await running.addPartitions({ tenantId, name, partitionCount: 8 })
    expect(repeat.metadataVersion).toBe(grown.metadataVersion)
    await expect(
      running.addPartitions({ tenantId, name, partitionCount: 7 }),
    ).rejects.toMatchObject({ code: 'INVALID_PARTITIONS' })
  })

  it('is gone with its partitions when deleted, and its name is free for another', async () => {
    const { topic } = await running.createTopic({ tenantId, name: 'again' })
    await running.deleteTopic({ tenantId, name: 'again' })
    const tombstones = `SELECT topic_id FROM courant.topic_tombstone WHERE name = 'again'`
    expect(await rows(tombstones)).toEqual([{ topic_id: topic?.topicId }])
    expect((await running.lookupTopic({ tenantId, name: 'again' })).found).toBe(false)
    await expect(running.deleteTopic({ tenantId, name: 'again' })).rejects.toMatchObject({
      code: 'TOPIC_NOT_FOUND',
    })
    const { topic: next } = await running.createTopic({ tenantId, name: 'again' })
    expect(next?.topicId).not.toBe(topic?.topicId)
  })

  it('of another tenant does not exist', async () => {
    const { tenant } = await running.createTenant('stranger')
    const strange = { tenantId: tenant?.tenantId ?? '', name: 'raced' }
    const missing = { code: 'TOPIC_NOT_FOUND' }
    expect((await running.lookupTopic(strange)).found).toBe(false)
    await expect(running.alterTopic(strange)).rejects.toMatchObject(missing)
    await expect(running.deleteTopic(strange)).rejects.toMatchObject(missing)
    await expect(running.addPartitions({ ...strange, partitionCount: 9 })).rejects.toMatchObject(
      missing,
    )
  })
})

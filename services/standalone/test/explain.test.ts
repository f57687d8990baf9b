/** Goal: why a group lags is told with the numbers, from real brokers and coordinators. */
import { expect, it } from 'vitest'
import { call, newTenant } from './support/api.ts'

const HOUR_MS = 3_600_000

it('a group is told which partition is hot and by which key, and is well when that is done', async () => {
  const key = await newTenant('explain')
  const at = (path: string) => call(key, { method: 'GET', path })
  const post = async (path: string, body: object) => {
    const answer = await call(key, { method: 'POST', path, body })
    expect(answer.status, answer.text).toBeLessThan(300)
    return answer.json
  }
  await post('/v1/topics', { name: 'orders', partitions: 3 })
  const old = (partition: number, name: string) => ({
    key: name,
    value: 1,
    partition,
    timestamp: Date.now() - HOUR_MS,
  })
  const hot = Array.from({ length: 1_500 }, (_, at) => old(1, at % 3 > 0 ? 'hot' : `k${at}`))
  await post('/v1/topics/orders/records', { records: [...hot, old(0, 'a'), old(2, 'b')] })
  const polled = { memberId: 'm', topics: ['orders'], maxRecords: 10_000 }
  const { leaseToken } = await post('/v1/groups/g/poll', polled)

  const keys = await at('/v1/topics/orders/partitions/1/keys?limit=1')
  expect(keys.json).toMatchObject({ partition: 1, records: 1_500 })
  expect(keys.json.keys[0].key).toBe('hot')
  // Two of three, told from a sample of 256.
  expect(keys.json.keys[0].recordsShare).toBeGreaterThan(0.5)
  expect(keys.json.keys[0].recordsShare).toBeLessThan(0.85)

  const [finding] = (await at('/v1/groups/g/explain')).json.findings
  expect(finding).toMatchObject({
    code: 'HOT_PARTITION',
    topic: 'orders',
    partition: 1,
    numbers: { lagRecords: 1_500, medianLagRecords: 1 },
  })
  expect(finding.keys[0]).toMatchObject({ key: 'hot' })

  await post('/v1/groups/g/commit', { leaseToken })
  const { findings } = (await at('/v1/groups/g/explain')).json
  expect(findings.map(({ code }: { code: string }) => code)).toEqual(['NOTHING_WRONG'])
}, 30_000)

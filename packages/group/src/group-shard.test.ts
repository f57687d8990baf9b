import { expect, test } from 'vitest'
import { GROUP_SHARDS, groupShard } from './group-shard.ts'

const TENANT = '0198c0de-0000-7000-8000-000000000001'

test('a group keeps its shard in every release', () => {
  expect(groupShard(TENANT, 'billing')).toBe(groupShard(TENANT, 'billing'))
  expect([groupShard(TENANT, 'billing'), groupShard(TENANT, 'grüße')]).toMatchInlineSnapshot(`
    [
      63,
      55,
    ]
  `)
})

test('groups spread over all shards', () => {
  const counts = new Array<number>(GROUP_SHARDS).fill(0)
  for (let index = 0; index < 6_400; index++) {
    const shard = groupShard(TENANT, `group-${index}`)
    counts[shard] = (counts[shard] ?? 0) + 1
  }
  expect(Math.min(...counts)).toBeGreaterThan(50)
  expect(Math.max(...counts)).toBeLessThan(200)
})

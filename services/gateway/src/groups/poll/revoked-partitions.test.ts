import { expect, it } from 'vitest'
import { RevokedPartitions } from './revoked-partitions.ts'

it('a partition that was told once is kept when the coordinator is asked again', () => {
  const revoked = new RevokedPartitions()
  revoked.add([{ topicId: 'a', topic: 'orders', partitions: [2] }])
  revoked.add([])
  revoked.add([
    { topicId: 'a', topic: 'orders', partitions: [1, 2] },
    { topicId: 'b', topic: 'bills', partitions: [0] },
  ])
  expect(revoked.list()).toEqual([
    { topic: 'orders', partitions: [1, 2] },
    { topic: 'bills', partitions: [0] },
  ])
})

/** Goal: deletion moves the start of one partition to where the caller says, and nowhere else. */
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { type StartedGateway, startGatewayForTest } from './started-gateway.ts'

let started: StartedGateway

beforeAll(async () => {
  started = await startGatewayForTest()
  const records = [1, 2, 3, 4].map((value) => ({ value, partition: 1 }))
  await post('/v1/topics/orders/records', { records })
})
afterAll(() => started.stop())

async function post(path: string, body: unknown): Promise<{ status: number; json: unknown }> {
  const response = await started.request(path, {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify(body),
  })
  return { status: response.status, json: await response.json() }
}

function deleteBefore(partition: number | string, beforeOffset: unknown) {
  return post(`/v1/topics/orders/partitions/${partition}/records/delete`, { beforeOffset })
}

describe('deleting records', () => {
  it('answers where the log begins now, and a repeat changes nothing', async () => {
    for (let times = 0; times < 2; times += 1) {
      const { status, json } = await deleteBefore(1, 2)
      expect([status, json]).toEqual([200, { partition: 1, logStartOffset: 2 }])
    }
    const page = await started.request('/v1/topics/orders/partitions/1/records')
    expect(await page.json()).toMatchObject({ logStartOffset: 2, highWatermark: 4 })
  })

  it('beyond the end is 416 with both ends, and deletes nothing', async () => {
    const { status, json } = await deleteBefore(1, 5)
    expect(status).toBe(416)
    expect(json).toMatchObject({
      code: 'OFFSET_OUT_OF_RANGE',
      applied: 'no',
      logStartOffset: 2,
      highWatermark: 4,
    })
  })

  it('of all that is committed is `latest`', async () => {
    const { json } = await deleteBefore(1, 'latest')
    expect(json).toEqual({ partition: 1, logStartOffset: 4 })
  })

  it.each([
    [3, 1, 404],
    [9_007_199_254_740_991, 1, 404],
    [-1, 1, 400],
    ['x', 1, 400],
    [1, -1, 400],
    [1, 1.5, 400],
    [1, null, 400],
    [1, 'earliest', 400],
    [1, '1', 400],
    [1, 2 ** 60, 400],
  ])('in partition %s before %s is %d', async (partition, before, status) => {
    expect((await deleteBefore(partition, before)).status).toBe(status)
  })
})

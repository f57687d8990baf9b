/** Ids for idempotent producers: never twice, and for a while without the control plane. */
import { describe, expect, it } from 'vitest'
import { connectKafkajs } from './fixture/kafkajs-broker.ts'
import { until } from './fixture/lifetime.ts'
import { startTestBroker } from './fixture/test-broker.ts'
import { TestControlPlane } from './fixture/test-control-plane.ts'

const NO_ERROR = 0
const COORDINATOR_NOT_AVAILABLE = 15
const UNSUPPORTED_VERSION = 35

async function startWithBlocks(blockSize: number) {
  const controlPlane = new TestControlPlane()
  controlPlane.blockSize = blockSize
  const broker = await startTestBroker({ controlPlane })
  await until(() => controlPlane.blocks === 2)
  return { broker, controlPlane, client: await broker.client() }
}

describe('producer ids', () => {
  it('are given out once, from one block after the other', async () => {
    const { client, controlPlane } = await startWithBlocks(3)
    const ids: number[] = []
    while (ids.length < 10) {
      const { errorCode, producerId, producerEpoch } = await client.initProducerId()
      if (errorCode === COORDINATOR_NOT_AVAILABLE) continue
      expect([errorCode, producerEpoch]).toEqual([NO_ERROR, 0])
      ids.push(producerId)
    }
    expect(ids).toEqual([1000, 1001, 1002, 2000, 2001, 2002, 3000, 3001, 3002, 4000])
    expect(controlPlane.blocks).toBeGreaterThanOrEqual(5)
  })

  it('go on from the block in reserve while the control plane is away, and after it is back', async () => {
    const { client, controlPlane } = await startWithBlocks(2)
    controlPlane.isAway = true
    for (const expected of [1000, 1001, 2000, 2001]) {
      expect((await client.initProducerId()).producerId).toBe(expected)
    }
    expect(await client.initProducerId()).toMatchObject({
      errorCode: COORDINATOR_NOT_AVAILABLE,
      producerId: -1,
    })
    controlPlane.isAway = false
    await until(async () => (await client.initProducerId()).producerId === 3000)
  })

  it('are not for transactions, which are refused', async () => {
    const { client } = await startWithBlocks(3)
    const refused = { errorCode: UNSUPPORTED_VERSION, producerId: -1, producerEpoch: -1 }
    expect(await client.initProducerId('tx')).toMatchObject(refused)
    expect((await client.initProducerId()).producerId).toBe(1000)
  })

  it('are given to kafkajs', async () => {
    const { broker } = await startWithBlocks(3)
    const kafkajs = await connectKafkajs(broker.address)
    expect(await kafkajs.initProducerId()).toMatchObject({ producerId: '1000', producerEpoch: 0 })
  })
})

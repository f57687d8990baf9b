/** Start of a broker that holds 10 000 partitions, after a clean stop, until it serves. */
import { absoluteFigure, type Figure, type Goal } from '../harness/figure.ts'
import { interleave } from '../harness/interleave.ts'
import { median } from '../harness/statistics.ts'
import type { Bench, Suite } from '../harness/suite.ts'
import { batchOf } from '../load/batches.ts'
import { PRODUCE_ERROR_CODE, produceFrame } from '../system/broker-requests.ts'
import { BrokerUnderTest } from '../system/broker-under-test.ts'

const PARTITIONS = 10_000
const IN_FLIGHT = 64
const GOAL: Goal = { must: 10, aim: 3, sense: 'at most' }

export const brokerStart: Suite = {
  name: 'broker-start',
  async *run(bench: Bench): AsyncGenerator<Figure> {
    const broker = await BrokerUnderTest.start(bench)
    const partitionCount = bench.scaled(PARTITIONS)
    const topicId = await broker.cluster.admin.createTopic({
      tenantId: broker.tenantId,
      name: 'wide',
      partitionCount,
    })
    const batch = batchOf(1, 100)
    const frames = Array.from({ length: partitionCount }, (_, at) =>
      produceFrame(topicId, at, batch),
    )
    const last = frames.at(-1) ?? Buffer.alloc(0)
    await broker.serves(last)
    await broker.send(frames, PRODUCE_ERROR_CODE, IN_FLIGHT, { answers: partitionCount })
    const starts = await interleave(bench.plan, {
      ours: async () => {
        await broker.process.stop()
        const started = performance.now()
        broker.process = await broker.cluster.startBroker('server')
        // Ready has to mean that any partition serves.
        await broker.serves(last)
        return (performance.now() - started) / 1000
      },
    })
    const value = median(starts.ours)
    yield absoluteFigure({ name: `${partitionCount} partitions`, value, unit: 's', goal: GOAL })
  },
}

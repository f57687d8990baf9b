/** Batches of a producer that numbers them, to the same batches without a producer. */
import { type Figure, type Goal, ratioFigure } from '../harness/figure.ts'
import { interleave } from '../harness/interleave.ts'
import type { Bench, Suite } from '../harness/suite.ts'
import type * as ProducerLoad from '../load/producer-load.ts'
import { handshakeFrame } from '../system/broker-requests.ts'
import { BrokerUnderTest } from '../system/broker-under-test.ts'

const RECORD_BYTES = 100
const GOAL: Goal = { must: 0.95, aim: 1, sense: 'at least' }

interface Shape {
  readonly name: string
  readonly batchRecords: number
  readonly inFlight: number
  /** About as many as a broker takes, so that a run is as long as others. */
  readonly batchesPerSecond: number
}

const SHAPES: readonly Shape[] = [
  { name: 'one a request, 256', batchRecords: 1, inFlight: 256, batchesPerSecond: 60_000 },
  { name: 'batches of 100, 40', batchRecords: 100, inFlight: 40, batchesPerSecond: 6_000 },
]

export const brokerProduceIdempotent: Suite = {
  name: 'broker-produce-idempotent',
  async *run(bench: Bench): AsyncGenerator<Figure> {
    const broker = await BrokerUnderTest.start(bench)
    const url = new URL('../load/producer-load.ts', import.meta.url)
    const load = bench.worker<typeof ProducerLoad>('load', url)
    let nextProducerId = 1
    for (const { name, batchRecords, inFlight, batchesPerSecond } of SHAPES) {
      const produce = async (producerId: number | null): Promise<number> => {
        const { answersPerSecond } = await load.run({
          port: broker.cluster.brokerPort,
          handshake: handshakeFrame(),
          topicId: broker.topicId,
          producer: producerId === null ? null : { producerId, producerEpoch: 0, baseSequence: 0 },
          batches: Math.ceil(batchesPerSecond * bench.plan.seconds),
          batchRecords,
          recordBytes: RECORD_BYTES,
          inFlight,
        })
        return answersPerSecond * batchRecords
      }
      const results = await interleave(bench.plan, {
        ours: () => produce(nextProducerId++),
        limit: () => produce(null),
      })
      yield ratioFigure({
        name: `100 B records, ${name} in flight`,
        unit: 'rec/s',
        ...results,
        limitName: 'without a producer id',
        goal: GOAL,
      })
    }
  },
}

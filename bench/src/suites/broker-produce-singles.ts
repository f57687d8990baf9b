/** Single records, 256 under way, to NATS JetStream on files (which does not sync first). */
import { type Figure, type Goal, ratioFigure, unmeasuredFigure } from '../harness/figure.ts'
import { interleave } from '../harness/interleave.ts'
import type { Bench, Suite } from '../harness/suite.ts'
import { batchOf } from '../load/batches.ts'
import { natsMissing, startNats } from '../peers/nats-jetstream.ts'
import { PRODUCE_ERROR_CODE, produceFrame } from '../system/broker-requests.ts'
import { BrokerUnderTest } from '../system/broker-under-test.ts'

const RECORD_BYTES = 100
const IN_FLIGHT = 256

const GOAL: Goal = { must: 0.6, aim: 1, sense: 'at least' }
const NAME = '100 B records, one a request, 256 in flight'
const LIMIT = 'NATS JetStream, unsynced'

export const brokerProduceSingles: Suite = {
  name: 'broker-produce-singles',
  async *run(bench: Bench): AsyncGenerator<Figure> {
    if (natsMissing !== null) return yield unmeasuredFigure(NAME, LIMIT, GOAL, natsMissing)
    const { seconds } = bench.plan
    const broker = await BrokerUnderTest.start(bench)
    const nats = await startNats(bench)
    const request = produceFrame(broker.topicId, 0, batchOf(1, RECORD_BYTES))
    const requests = Array.from({ length: IN_FLIGHT }, () => request)
    const results = await interleave(bench.plan, {
      ours: async () => {
        const sent = await broker.send(requests, PRODUCE_ERROR_CODE, IN_FLIGHT, { seconds })
        return sent.answersPerSecond
      },
      limit: () => nats.produce({ recordBytes: RECORD_BYTES, inFlight: IN_FLIGHT, seconds }),
    })
    yield ratioFigure({ name: NAME, unit: 'rec/s', ...results, limitName: LIMIT, goal: GOAL })
  },
}

/** Records in batches of 100, to Redis Streams with `appendfsync always`, pipeline 64. */
import { type Figure, type Goal, ratioFigure, unmeasuredFigure } from '../harness/figure.ts'
import { interleave } from '../harness/interleave.ts'
import type { Bench, Suite } from '../harness/suite.ts'
import { batchOf } from '../load/batches.ts'
import { redisMissing, startRedis } from '../peers/redis-streams.ts'
import { PRODUCE_ERROR_CODE, produceFrame } from '../system/broker-requests.ts'
import { BrokerUnderTest } from '../system/broker-under-test.ts'

const RECORD_BYTES = 100
const BATCH_RECORDS = 100
/** 4000 records under way, where the peer has 64 connections x 64. */
const BATCHES_IN_FLIGHT = 40
/** About as long as one of our runs. */
const PEER_RECORDS_PER_SECOND = 250_000

const GOAL: Goal = { must: 5, aim: 7, sense: 'at least' }
const NAME = '100 B records, batches of 100, 40 in flight'
const LIMIT = 'Redis Streams, appendfsync always'

export const brokerProduceBatches: Suite = {
  name: 'broker-produce-batches',
  async *run(bench: Bench): AsyncGenerator<Figure> {
    if (redisMissing !== null) return yield unmeasuredFigure(NAME, LIMIT, GOAL, redisMissing)
    const { seconds } = bench.plan
    const broker = await BrokerUnderTest.start(bench)
    const redis = await startRedis(bench)
    const request = produceFrame(broker.topicId, 0, batchOf(BATCH_RECORDS, RECORD_BYTES))
    const requests = Array.from({ length: BATCHES_IN_FLIGHT }, () => request)
    const results = await interleave(bench.plan, {
      ours: async () => {
        const sent = await broker.send(requests, PRODUCE_ERROR_CODE, BATCHES_IN_FLIGHT, { seconds })
        return sent.answersPerSecond * BATCH_RECORDS
      },
      limit: () => redis.produce(RECORD_BYTES, Math.ceil(PEER_RECORDS_PER_SECOND * seconds)),
    })
    yield ratioFigure({ name: NAME, unit: 'rec/s', ...results, limitName: LIMIT, goal: GOAL })
  },
}

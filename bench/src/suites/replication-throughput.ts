/** Produce with three replicas that all acknowledge, to one replica on the same three brokers. */
import { type Figure, type Goal, ratioFigure } from '../harness/figure.ts'
import { interleave } from '../harness/interleave.ts'
import type { Bench, Suite } from '../harness/suite.ts'
import { batchOf } from '../load/batches.ts'
import { ReplicatedBrokers, type ReplicatedTopic } from '../system/replicated-brokers.ts'

const PARTITIONS = 12
const RECORD_BYTES = 100
const BATCH_RECORDS = 100
/** To each broker: enough that nobody waits for the next round trip to begin. */
const BATCHES_IN_FLIGHT = 160
const GOAL: Goal = { must: 0.2, aim: 0.3, sense: 'at least' }

export const replicationThroughput: Suite = {
  name: 'replication-throughput',
  async *run(bench: Bench): AsyncGenerator<Figure> {
    const { seconds } = bench.plan
    const brokers = await ReplicatedBrokers.start(bench)
    const records = batchOf(BATCH_RECORDS, RECORD_BYTES)
    const produce = async (topic: ReplicatedTopic): Promise<number> => {
      const sent = await brokers.send(topic.requests(records), BATCHES_IN_FLIGHT, { seconds })
      return sent * BATCH_RECORDS
    }
    const three = await brokers.createTopic('three', PARTITIONS, 3)
    const one = await brokers.createTopic('one', PARTITIONS, 1)
    const results = await interleave(bench.plan, {
      ours: () => produce(three),
      limit: () => produce(one),
    })
    yield ratioFigure({
      name: 'replication factor 3, acks=all, 100 B records, batches of 100',
      unit: 'rec/s',
      ...results,
      limitName: 'replication factor 1',
      goal: GOAL,
    })
  },
}

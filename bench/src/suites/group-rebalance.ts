/**
 * A member joins a stable group under a steady load: how long those partitions that move to it are
 * not read, and whether the others notice.
 */
import { absoluteFigure, type Figure, type Goal, ratioFigure } from '../harness/figure.ts'
import { interleave } from '../harness/interleave.ts'
import { median } from '../harness/statistics.ts'
import type { Bench, Suite } from '../harness/suite.ts'
import type * as Rebalance from '../load/rebalance.ts'
import { GatewayUnderTest } from '../system/gateway-under-test.ts'

const MEMBERS = 10
const PARTITIONS = 100
const TOPIC = 'rebalance'
/** Each partition gets a record every 20 ms: less would be no load. */
const SECONDS_MIN = 1
const MOVED: Goal = { must: 500, aim: 150, sense: 'at most' }
const UNMOVED: Goal = { must: 2, aim: 1.2, sense: 'at most' }

export const groupRebalance: Suite = {
  name: 'group-rebalance',
  async *run(bench: Bench): AsyncGenerator<Figure> {
    const gateway = await GatewayUnderTest.start(bench)
    await gateway.createTopic(TOPIC, PARTITIONS)
    const url = new URL('../load/rebalance.ts', import.meta.url)
    const group = bench.worker<typeof Rebalance>('load', url)
    await group.start({
      grpcPort: gateway.grpcPort,
      httpPort: gateway.port,
      apiKey: gateway.apiKey,
      topic: TOPIC,
      partitions: PARTITIONS,
      members: MEMBERS,
    })
    const seconds = Math.max(SECONDS_MIN, bench.plan.seconds)
    const joins: Rebalance.JoinGaps[] = []
    const { steady } = await interleave(bench.plan, {
      steady: () => group.steady({ seconds }),
      join: async () => void joins.push(await group.join({ seconds })),
    })
    joins.splice(0, bench.plan.warmUps)
    const moved = median(joins.map((join) => join.moved))
    yield absoluteFigure({
      name: `an 11th member joins ${MEMBERS} on ${PARTITIONS} partitions: the longest gap of those ${moved} that move`,
      value: median(joins.map(({ movedMs }) => movedMs)),
      unit: 'ms',
      goal: MOVED,
    })
    yield ratioFigure({
      name: 'the same: the longest gap of the others',
      unit: 'ms',
      ours: joins.map(({ unmovedMs }) => unmovedMs),
      limit: steady as number[],
      limitName: 'when nobody joins',
      goal: UNMOVED,
    })
  },
}

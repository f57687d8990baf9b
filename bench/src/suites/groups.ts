/**
 * Offsets that members of many groups commit, durable in PostgreSQL when answered, gathered in
 * calls as gateways gather them; to a server that answers the same calls and stores nothing.
 */
import { absoluteFigure, type Figure, type Goal, ratioFigure } from '../harness/figure.ts'
import { interleave } from '../harness/interleave.ts'
import { median } from '../harness/statistics.ts'
import type { Bench, Suite } from '../harness/suite.ts'
import type * as BareCommits from '../limits/bare-commits.ts'
import type * as CommitLoad from '../load/commit-load.ts'
import { Cluster } from '../system/cluster.ts'

const GROUPS = 256
const GATEWAYS = 2
const TOPIC = 'orders'
const GOAL: Goal = { must: 5_000, aim: 10_000, sense: 'at least' }

export const groups: Suite = {
  name: 'groups',
  async *run(bench: Bench): AsyncGenerator<Figure> {
    const cluster = await Cluster.start(bench, { controlPlaneCore: 'server' })
    await cluster.startBroker('load')
    const { tenantId } = await cluster.admin.createTenant('bench')
    const partitionCount = 1
    const topicId = await cluster.admin.createTopic({ tenantId, name: TOPIC, partitionCount })
    const loadUrl = new URL('../load/commit-load.ts', import.meta.url)
    const load = bench.worker<typeof CommitLoad>('load', loadUrl)
    const bareUrl = new URL('../limits/bare-commits.ts', import.meta.url)
    const bare = bench.worker<typeof BareCommits>('server', bareUrl)
    const bareTarget = `127.0.0.1:${await bare.start()}`
    const { seconds } = bench.plan
    const commitsTo = async (target: string): Promise<number> => {
      const of = { target, tenantId, topic: TOPIC, topicId }
      return (await load.run({ ...of, gateways: GATEWAYS, groups: GROUPS, seconds })).perSecond
    }
    const results = await interleave(bench.plan, {
      ours: () => commitsTo(cluster.controlPlane),
      limit: () => commitsTo(bareTarget),
    })
    const name = `single commits of ${GROUPS} groups`
    yield absoluteFigure({ name, value: median(results.ours), unit: '/s', goal: GOAL })
    yield ratioFigure({
      name: `${name}, again`,
      unit: '/s',
      ...results,
      limitName: 'bare grpc-js that stores nothing',
      goal: null,
    })
  },
}

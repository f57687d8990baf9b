/**
 * How long a record takes to a member of a group on a gRPC stream when nothing else happens: from
 * the produce over HTTP, which is answered when it is on the disk, until the member has it.
 */
import { join } from 'node:path'
import { absoluteFigure, type Figure, type Goal, ratioFigure } from '../harness/figure.ts'
import { interleave } from '../harness/interleave.ts'
import { median } from '../harness/statistics.ts'
import type { Bench, Suite } from '../harness/suite.ts'
import type * as PacedSync from '../limits/paced-sync.ts'
import type * as EndToEnd from '../load/end-to-end.ts'
import { GatewayUnderTest } from '../system/gateway-under-test.ts'

const RECORDS_PER_SECOND = 100
/** Each run has a topic of its own: its group has nothing to catch up with. */
const P50_OVER_SYNC: Goal = { must: 2, aim: 1, sense: 'at most' }
const P99_OVER_P50: Goal = { must: 3, aim: 2, sense: 'at most' }

export const groupLatency: Suite = {
  name: 'group-latency',
  async *run(bench: Bench): AsyncGenerator<Figure> {
    const gateway = await GatewayUnderTest.start(bench)
    const clientUrl = new URL('../load/end-to-end.ts', import.meta.url)
    const client = bench.worker<typeof EndToEnd>('load', clientUrl)
    const diskUrl = new URL('../limits/paced-sync.ts', import.meta.url)
    const disk = bench.worker<typeof PacedSync>('server', diskUrl)
    const path = join(await bench.directory(), 'sync')
    const count = Math.ceil(bench.plan.seconds * RECORDS_PER_SECOND)
    let topics = 0
    const endToEnd = async () => {
      const topic = `latency-${topics++}`
      await gateway.createTopic(topic, 1)
      return await client.run({
        grpcPort: gateway.grpcPort,
        httpPort: gateway.port,
        apiKey: gateway.apiKey,
        topic,
        count,
      })
    }
    const runs: EndToEnd.EndToEndLatency[] = []
    const { ours, sync } = await interleave(bench.plan, {
      ours: async () => {
        const run = await endToEnd()
        runs.push(run)
        return run.whole.p50
      },
      sync: () => disk.run({ paths: [path], count }).then(({ p50 }) => p50),
    })
    runs.splice(0, bench.plan.warmUps)
    const [p50, syncP50] = [median(ours), median(sync)]
    const name = 'produced over HTTP, synced, and seen by a member on a gRPC stream'
    yield absoluteFigure({
      name: `${name}: p50, less that of fdatasync`,
      value: p50 - syncP50,
      unit: 'ms',
      goal: P50_OVER_SYNC,
      note: `p50 ${p50.toFixed(2)} ms, fdatasync ${syncP50.toFixed(2)} ms`,
    })
    yield ratioFigure({
      name: `${name}: p99`,
      unit: 'ms',
      ours: runs.map(({ whole }) => whole.p99),
      limit: [syncP50 + P50_OVER_SYNC.must],
      limitName: `fdatasync p50 + ${P50_OVER_SYNC.must} ms`,
      goal: P99_OVER_P50,
    })
    yield absoluteFigure({
      name: 'of that, from the answer to the member: p50',
      value: median(runs.map(({ sinceAnswer }) => sinceAnswer.p50)),
      unit: 'ms',
      goal: null,
    })
  },
}

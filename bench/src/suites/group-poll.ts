/**
 * One member that polls over HTTP and acknowledges by token, so that each poll also commits; to
 * bare fastify that encodes as many record objects for each.
 */
import { absoluteFigure, type Figure, type Goal, ratioFigure } from '../harness/figure.ts'
import { interleave } from '../harness/interleave.ts'
import { median } from '../harness/statistics.ts'
import type { Bench, Suite } from '../harness/suite.ts'
import { produceBody } from '../load/bodies.ts'
import type * as PollLoop from '../load/poll-loop.ts'
import { GatewayUnderTest } from '../system/gateway-under-test.ts'

const RECORDS_A_POLL = 500
const BODY_RECORDS = 1_000
/** Some 55 MB of stored batches: brokers keep as much in memory. */
const BODIES = 500
const GOAL: Goal = { must: 200_000, aim: 400_000, sense: 'at least' }

export const groupPoll: Suite = {
  name: 'group-poll',
  async *run(bench: Bench): AsyncGenerator<Figure> {
    const gateway = await GatewayUnderTest.start(bench)
    const url = new URL('../load/poll-loop.ts', import.meta.url)
    const member = bench.worker<typeof PollLoop>('load', url)
    const bodies = bench.scaled(BODIES)
    const body = produceBody(BODY_RECORDS)
    for (let count = 0; count < bodies; count++) await gateway.produce(body)
    const load = {
      port: gateway.port,
      apiKey: gateway.apiKey,
      topic: 'bench',
      records: bodies * BODY_RECORDS,
      maxRecords: RECORDS_A_POLL,
      seconds: bench.plan.seconds,
    }
    const bare = {
      method: 'GET' as const,
      path: `/v1/topics/bench/partitions/0/records?maxRecords=${RECORDS_A_POLL}`,
      headers: {},
      body: '',
    }
    const results = await interleave(bench.plan, {
      ours: async () => (await member.run(load)).recordsPerSecond,
      limit: async () => (await gateway.loadBare(bare, 1)) * RECORDS_A_POLL,
    })
    const name = `100 B records, one member, ${RECORDS_A_POLL} a poll, each poll acknowledged`
    yield absoluteFigure({ name, value: median(results.ours), unit: 'records/s', goal: GOAL })
    yield ratioFigure({
      name: `${name}, again`,
      unit: 'records/s',
      ...results,
      limitName: 'bare fastify, 1 connection',
      goal: null,
    })
  },
}

/** Fetch of 1000 records over HTTP, to bare fastify that encodes the same record objects. */
import { type Figure, type Goal, ratioFigure } from '../harness/figure.ts'
import { interleave } from '../harness/interleave.ts'
import type { Bench, Suite } from '../harness/suite.ts'
import { produceBody } from '../load/bodies.ts'
import { GatewayUnderTest } from '../system/gateway-under-test.ts'

const RECORDS = 1000
const CONNECTIONS = 16
const GOAL: Goal = { must: 0.8, aim: 1.2, sense: 'at least' }

const FORMATS = [
  { name: 'as JSON', accept: 'application/json' },
  { name: 'as NDJSON', accept: 'application/x-ndjson' },
]

export const restFetch: Suite = {
  name: 'rest-fetch',
  async *run(bench: Bench): AsyncGenerator<Figure> {
    const gateway = await GatewayUnderTest.start(bench)
    await gateway.produce(produceBody(RECORDS))
    for (const { name, accept } of FORMATS) {
      const request = {
        method: 'GET' as const,
        path: `/v1/topics/bench/partitions/0/records?offset=0&maxRecords=${RECORDS}`,
        headers: { accept },
        body: '',
      }
      const results = await interleave(bench.plan, {
        ours: () => gateway.load(request, CONNECTIONS),
        limit: () => gateway.loadBare(request, CONNECTIONS),
      })
      yield ratioFigure({
        name: `${RECORDS} records ${name}`,
        unit: 'req/s',
        ...results,
        limitName: 'bare fastify',
        goal: GOAL,
      })
    }
  },
}

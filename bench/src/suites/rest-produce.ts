/**
 * Produce over HTTP: the gateway alone on the server core, to bare fastify with the same schema and
 * the same bodies. Every record is on disk before its answer.
 */
import { type Figure, type Goal, ratioFigure } from '../harness/figure.ts'
import { interleave } from '../harness/interleave.ts'
import type { Bench, Suite } from '../harness/suite.ts'
import { produceBody } from '../load/bodies.ts'
import type { HttpRequest } from '../load/http-request.ts'
import { GatewayUnderTest } from '../system/gateway-under-test.ts'

interface Case {
  readonly name: string
  readonly recordCount: number
  readonly connections: number
  readonly goal: Goal
}

const CASES: readonly Case[] = [
  {
    name: 'single 100 B record, 256 connections',
    recordCount: 1,
    connections: 256,
    goal: { must: 0.65, aim: 0.8, sense: 'at least' },
  },
  {
    name: '1000 x 100 B records, 16 connections',
    recordCount: 1000,
    connections: 16,
    goal: { must: 0.6, aim: 0.75, sense: 'at least' },
  },
]

export const restProduce: Suite = {
  name: 'rest-produce',
  async *run(bench: Bench): AsyncGenerator<Figure> {
    const gateway = await GatewayUnderTest.start(bench)
    for (const { name, recordCount, connections, goal } of CASES) {
      const request: Omit<HttpRequest, 'port' | 'headers'> = {
        method: 'POST',
        path: '/v1/topics/bench/records',
        body: produceBody(recordCount),
      }
      const headers = { 'content-type': 'application/json' }
      const results = await interleave(bench.plan, {
        ours: () => gateway.load({ ...request, headers }, connections),
        limit: () => gateway.loadBare({ ...request, headers }, connections),
      })
      yield ratioFigure({ name, unit: 'req/s', ...results, limitName: 'bare fastify', goal })
    }
  },
}

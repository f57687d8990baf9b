/**
 * Latency of one durable produce when nothing else happens, to the sum of what it cannot do
 * without: an HTTP echo, a hop over TCP and a synced write, paced alike, measured in turn with it.
 */
import { join } from 'node:path'
import type { Figure, Goal } from '../harness/figure.ts'
import { interleave } from '../harness/interleave.ts'
import { median } from '../harness/statistics.ts'
import type { Bench, Suite } from '../harness/suite.ts'
import { zeroFrame } from '../limits/frame-server.ts'
import type * as MemoryToTcp from '../limits/memory-to-tcp.ts'
import type * as PacedSync from '../limits/paced-sync.ts'
import { produceBody } from '../load/bodies.ts'
import { requestBytes } from '../load/http-request.ts'
import type * as PacedLatency from '../load/paced-latency.ts'
import { GatewayUnderTest } from '../system/gateway-under-test.ts'

const REQUESTS_PER_SECOND = 100
const HOP_REQUEST_BYTES = 200
const HOP_ANSWER_BYTES = 24
const GOAL: Goal = { must: 2.6, aim: 1.8, sense: 'at most' }

export const restLatency: Suite = {
  name: 'rest-latency',
  async *run(bench: Bench): AsyncGenerator<Figure> {
    const gateway = await GatewayUnderTest.start(bench)
    const client = bench.worker<typeof PacedLatency>(
      'load',
      new URL('../load/paced-latency.ts', import.meta.url),
    )
    const hop = bench.worker<typeof MemoryToTcp>(
      'server',
      new URL('../limits/memory-to-tcp.ts', import.meta.url),
    )
    const disk = bench.worker<typeof PacedSync>(
      'server',
      new URL('../limits/paced-sync.ts', import.meta.url),
    )
    const path = join(await bench.directory(), 'sync')
    const hopPort = await hop.start({ frameBytes: HOP_ANSWER_BYTES })
    const count = Math.ceil(bench.plan.seconds * REQUESTS_PER_SECOND)
    const http = (port: number) => {
      const request = requestBytes(gateway.produceRequest(port, produceBody(1)))
      return client.run({ port, protocol: 'http', request, count }).then(({ p50 }) => p50)
    }
    const frame = {
      port: hopPort,
      protocol: 'frames',
      request: zeroFrame(HOP_REQUEST_BYTES),
    } as const
    const parts = await interleave(bench.plan, {
      ours: () => http(gateway.port),
      echo: () => http(gateway.barePort),
      hop: () => client.run({ ...frame, count }).then(({ p50 }) => p50),
      sync: () => disk.run({ paths: [path], count }).then(({ p50 }) => p50),
    })
    const value = median(parts.ours)
    const limit = median(parts.echo) + median(parts.hop) + median(parts.sync)
    yield {
      name: 'p50 of a produce, 1 at a time',
      value,
      unit: 'ms',
      limit,
      limitName: 'echo + hop + sync p50s',
      ratio: value / limit,
      goal: GOAL,
    }
  },
}

/**
 * Streams over gRPC, the gateway alone on the server core, to a bare grpc-js stream of messages of
 * the same size. What is produced is on disk before its answer.
 */
import { absoluteFigure, type Figure, type Goal, ratioFigure } from '../harness/figure.ts'
import { interleave } from '../harness/interleave.ts'
import { median } from '../harness/statistics.ts'
import type { Bench, Suite } from '../harness/suite.ts'
import type * as BareGrpc from '../limits/bare-grpc.ts'
import { produceBody } from '../load/bodies.ts'
import type * as FanOut from '../load/fan-out.ts'
import type * as GrpcStreams from '../load/grpc-streams.ts'
import { GatewayUnderTest } from '../system/gateway-under-test.ts'

const FOLLOW: Goal = { must: 0.7, aim: 0.9, sense: 'at least' }
const PRODUCE: Goal = { must: 0.4, aim: 0.6, sense: 'at least' }
const RECORDS: Goal = { must: 500_000, aim: 1_000_000, sense: 'at least' }

const BODY_RECORDS = 1_000
/** Some 60 MB of stored batches. */
const BODIES = 500
const PRODUCED_RECORDS = 1_000
const IN_FLIGHT = 16

export const grpcStreams: Suite = {
  name: 'grpc',
  async *run(bench: Bench): AsyncGenerator<Figure> {
    const gateway = await GatewayUnderTest.start(bench)
    const bareUrl = new URL('../limits/bare-grpc.ts', import.meta.url)
    const barePort = await bench.worker<typeof BareGrpc>('server', bareUrl).start()
    const clientUrl = new URL('../load/grpc-streams.ts', import.meta.url)
    const client = bench.worker<typeof GrpcStreams>('load', clientUrl)
    const membersUrl = new URL('../load/fan-out.ts', import.meta.url)
    const members = bench.worker<typeof FanOut>('load', membersUrl)
    const { seconds } = bench.plan
    const bodies = bench.scaled(BODIES)
    const body = produceBody(BODY_RECORDS)
    for (let count = 0; count < bodies; count++) await gateway.produce(body)
    const caller = { port: gateway.grpcPort, apiKey: gateway.apiKey, topic: 'bench', seconds }

    let bareBatches = { port: barePort, messageBytes: 0, seconds }
    for (const format of ['batches', 'records'] as const) {
      const { messageBytes } = await client.follow({ ...caller, format, work: 'count' })
      const bare = { port: barePort, messageBytes, seconds }
      if (format === 'batches') bareBatches = bare
      const results = await interleave(bench.plan, {
        ours: async () =>
          (await client.follow({ ...caller, format, work: 'count' })).bytesPerSecond,
        limit: async () => (await client.followBare(bare)).bytesPerSecond,
      })
      const name = `a partition followed as ${format}`
      yield ratioFigure({ name, unit: 'B/s', ...results, limitName: 'bare grpc-js', goal: FOLLOW })
    }

    const readings = { records: bodies * BODY_RECORDS, groups: 1 }
    const consumed = await interleave(bench.plan, {
      ours: async () => (await members.run({ ...caller, ...readings })).bytesPerSecond,
      limit: async () => (await client.followBare(bareBatches)).bytesPerSecond,
    })
    yield ratioFigure({
      name: 'a partition consumed as batches by a member of a group',
      unit: 'B/s',
      ...consumed,
      limitName: 'bare grpc-js',
      goal: FOLLOW,
    })

    for (const format of ['batches', 'records'] as const) {
      const { ours } = await interleave(bench.plan, {
        ours: async () =>
          (await client.follow({ ...caller, format, work: 'decode' })).recordsPerSecond,
      })
      yield absoluteFigure({
        name: `100 B records that one client decodes, as ${format}`,
        unit: 'records/s',
        value: median(ours),
        goal: format === 'batches' ? RECORDS : null,
      })
    }

    const load = { ...caller, records: PRODUCED_RECORDS, inFlight: IN_FLIGHT }
    const results = await interleave(bench.plan, {
      ours: () => client.produce({ ...load, path: '/courant.v1.RecordService/ProduceStream' }),
      limit: () => client.produce({ ...load, port: barePort, path: '/bare/Acknowledge' }),
    })
    const name = `${PRODUCED_RECORDS} x 100 B records a request, ${IN_FLIGHT} in flight on one stream`
    yield ratioFigure({ name, unit: 'req/s', ...results, limitName: 'bare grpc-js', goal: PRODUCE })
  },
}

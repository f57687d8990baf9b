/**
 * Groups of one member each, on gRPC streams, that read the same records: what brokers keep in
 * memory of a partition's end; to as many connections to memory -> TCP.
 */
import { absoluteFigure, type Figure, type Goal, ratioFigure } from '../harness/figure.ts'
import { interleave } from '../harness/interleave.ts'
import type { Bench, Suite } from '../harness/suite.ts'
import { zeroFrame } from '../limits/frame-server.ts'
import type * as MemoryToTcp from '../limits/memory-to-tcp.ts'
import { produceBody } from '../load/bodies.ts'
import type * as FanOut from '../load/fan-out.ts'
import type * as FramedLoad from '../load/framed-load.ts'
import { handshakeFrame } from '../system/broker-requests.ts'
import { readCounter } from '../system/counters.ts'
import { GatewayUnderTest } from '../system/gateway-under-test.ts'

const GROUPS = [1, 4, 16]
const ANSWER_BYTES = 1 << 20
const REQUEST_BYTES = 200
const IN_FLIGHT = 4
const BODY_RECORDS = 1_000
/** Some 44 MB of stored batches, which a broker keeps in memory. */
const BODIES = 400
const GOAL: Goal = { must: 0.5, aim: 0.7, sense: 'at least' }
const NO_READS: Goal = { must: 0, aim: 0, sense: 'at most' }

export const groupFanOut: Suite = {
  name: 'group-fan-out',
  async *run(bench: Bench): AsyncGenerator<Figure> {
    const gateway = await GatewayUnderTest.start(bench)
    const memoryUrl = new URL('../limits/memory-to-tcp.ts', import.meta.url)
    const memory = bench.worker<typeof MemoryToTcp>('server', memoryUrl)
    const port = await memory.start({ frameBytes: ANSWER_BYTES })
    const rawUrl = new URL('../load/framed-load.ts', import.meta.url)
    const raw = bench.worker<typeof FramedLoad>('load', rawUrl)
    const membersUrl = new URL('../load/fan-out.ts', import.meta.url)
    const members = bench.worker<typeof FanOut>('load', membersUrl)
    const { seconds } = bench.plan
    const bodies = bench.scaled(BODIES)
    const body = produceBody(BODY_RECORDS)
    for (let count = 0; count < bodies; count++) await gateway.produce(body)
    const { brokerAdminPort } = gateway.cluster
    const fileReads = () => readCounter(brokerAdminPort, 'courant_broker_file_reads_total')
    const readsBefore = await fileReads()
    const caller = { port: gateway.grpcPort, apiKey: gateway.apiKey, topic: 'bench', seconds }
    const frames = {
      port,
      requests: [zeroFrame(REQUEST_BYTES)],
      inFlight: IN_FLIGHT,
      until: { seconds },
      handshake: handshakeFrame(),
      mustBeZero: [],
    }
    for (const groups of GROUPS) {
      const load = { ...caller, records: bodies * BODY_RECORDS, groups }
      const results = await interleave(bench.plan, {
        ours: async () => (await members.run(load)).bytesPerSecond,
        limit: async () =>
          (await raw.runAll(Array.from({ length: groups }, () => frames))).bytesPerSecond,
      })
      const name = `${groups} ${groups === 1 ? 'group' : 'groups'}, together`
      yield ratioFigure({ name, unit: 'B/s', ...results, limitName: 'memory -> TCP', goal: GOAL })
    }
    yield absoluteFigure({
      name: 'reads of files by the broker for all of these',
      value: (await fileReads()) - readsBefore,
      unit: '',
      goal: NO_READS,
    })
  },
}

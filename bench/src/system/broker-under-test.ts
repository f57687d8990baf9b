import type { Child } from '../harness/child.ts'
import type { Bench } from '../harness/suite.ts'
import type { Remote } from '../harness/worker.ts'
import { batchOf } from '../load/batches.ts'
import type * as FramedLoad from '../load/framed-load.ts'
import type { PipelineResult, Until } from '../load/pipeline.ts'
import { handshakeFrame, PRODUCE_ERROR_CODE, produceFrame } from './broker-requests.ts'
import { Cluster } from './cluster.ts'

/** A broker alone on the server core, one topic, and load straight onto its port. */
export class BrokerUnderTest {
  readonly cluster: Cluster
  /** The process of now: a suite may start it anew. */
  process: Child
  readonly tenantId: string
  readonly topicId: string
  readonly load: Remote<typeof FramedLoad>

  private constructor(
    of: Pick<BrokerUnderTest, 'cluster' | 'process' | 'tenantId' | 'topicId' | 'load'>,
  ) {
    this.cluster = of.cluster
    this.process = of.process
    this.tenantId = of.tenantId
    this.topicId = of.topicId
    this.load = of.load
  }

  static async start(bench: Bench): Promise<BrokerUnderTest> {
    const cluster = await Cluster.start(bench)
    const process = await cluster.startBroker('server')
    const { tenantId } = await cluster.admin.createTenant('bench')
    const topicId = await cluster.admin.createTopic({ tenantId, name: 'bench', partitionCount: 1 })
    const url = new URL('../load/framed-load.ts', import.meta.url)
    const load = bench.worker<typeof FramedLoad>('load', url)
    const broker = new BrokerUnderTest({ cluster, process, tenantId, topicId, load })
    const probe = produceFrame(topicId, 0, batchOf(1, 1))
    await broker.serves(probe)
    return broker
  }

  /** Waits until a produce succeeds: the broker hears of a topic a moment after it was created. */
  async serves(produce: Buffer): Promise<void> {
    await this.process.ready(async () => {
      await this.send([produce], PRODUCE_ERROR_CODE, 1, { answers: 1 })
      return true
    })
  }

  /** Keeps `inFlight` of the requests under way on one connection. */
  async send(
    requests: readonly Uint8Array[],
    mustBeZero: readonly number[],
    inFlight: number,
    until: Until,
  ): Promise<PipelineResult> {
    const port = this.cluster.brokerPort
    const handshake = handshakeFrame()
    return await this.load.run({ port, requests, mustBeZero, inFlight, until, handshake })
  }
}

import type { Child } from '../harness/child.ts'
import type { Bench } from '../harness/suite.ts'
import type { Remote } from '../harness/worker.ts'
import { batchOf } from '../load/batches.ts'
import type * as FramedLoad from '../load/framed-load.ts'
import type { Until } from '../load/pipeline.ts'
import { handshakeFrame, PRODUCE_ERROR_CODE, produceFrame } from './broker-requests.ts'
import { Cluster } from './cluster.ts'

const BROKERS = [1, 2, 3]

/** Where a partition is led. */
export interface LedPartition {
  readonly index: number
  readonly broker: number
}

/** Three brokers that share the machine with their load, on the disk under test. */
export class ReplicatedBrokers {
  readonly cluster: Cluster
  readonly processes: readonly Child[]
  readonly #tenantId: string
  readonly #load: Remote<typeof FramedLoad>

  private constructor(of: {
    cluster: Cluster
    processes: readonly Child[]
    tenantId: string
    load: Remote<typeof FramedLoad>
  }) {
    this.cluster = of.cluster
    this.processes = of.processes
    this.#tenantId = of.tenantId
    this.#load = of.load
  }

  static async start(bench: Bench): Promise<ReplicatedBrokers> {
    const cluster = await Cluster.start(bench)
    const processes: Child[] = []
    for (const id of BROKERS) processes.push(await cluster.startBroker('all', id))
    const { tenantId } = await cluster.admin.createTenant('bench')
    const url = new URL('../load/framed-load.ts', import.meta.url)
    const load = bench.worker<typeof FramedLoad>('all', url)
    return new ReplicatedBrokers({ cluster, processes, tenantId, load })
  }

  portOf(broker: number): number {
    return this.cluster.brokerPorts[broker - 1] ?? 0
  }

  /** Every in-sync replica acknowledges. Resolves when each partition has taken a record. */
  async createTopic(name: string, partitionCount: number, replicationFactor: number) {
    const tenantId = this.#tenantId
    const of = { tenantId, name, partitionCount, replicationFactor }
    const topic = new ReplicatedTopic(this, await this.cluster.admin.createTopic(of))
    await topic.lead()
    return topic
  }

  /** Answers a second, over one connection to each leader. */
  async send(
    byBroker: ReadonlyMap<number, readonly Uint8Array[]>,
    inFlight: number,
    until: Until,
  ): Promise<number> {
    const loads = [...byBroker].map(([broker, requests]) => ({
      port: this.portOf(broker),
      requests,
      inFlight,
      until,
      handshake: handshakeFrame(),
      mustBeZero: PRODUCE_ERROR_CODE,
    }))
    return (await this.#load.runAll(loads)).answersPerSecond
  }
}

/** A topic of which the leaders are known. */
export class ReplicatedTopic {
  readonly id: string
  partitions: readonly LedPartition[] = []
  readonly #brokers: ReplicatedBrokers

  constructor(brokers: ReplicatedBrokers, id: string) {
    this.#brokers = brokers
    this.id = id
  }

  async lead(): Promise<void> {
    const leaders = await this.#brokers.cluster.admin.leadersOf(this.id)
    this.partitions = leaders.map((broker, index) => ({ index, broker }))
    for (const { index, broker } of this.partitions) {
      const probe = produceFrame(this.id, index, batchOf(1, 1))
      await this.#brokers.processes[broker - 1]?.ready(async () => {
        await this.#brokers.send(new Map([[broker, [probe]]]), 1, { answers: 1 })
        return true
      })
    }
  }

  /** A produce to one partition, and to where. */
  requestTo(index: number, records: Buffer): { readonly port: number; readonly request: Buffer } {
    const broker = this.partitions[index]?.broker
    if (broker === undefined) throw new Error(`there is no partition ${index}`)
    return { port: this.#brokers.portOf(broker), request: produceFrame(this.id, index, records) }
  }

  /** A produce to each partition, by the broker that leads it. */
  requests(records: Buffer): Map<number, Uint8Array[]> {
    const byBroker = new Map<number, Uint8Array[]>()
    for (const { index, broker } of this.partitions) {
      const requests = byBroker.get(broker) ?? []
      requests.push(produceFrame(this.id, index, records))
      byBroker.set(broker, requests)
    }
    return byBroker
  }
}

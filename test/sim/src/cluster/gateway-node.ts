import { createDataPath, type DataPath } from '@courant/gateway/data-path'
import { Draining } from '@courant/gateway/draining'
import { ParsedRecords } from '@courant/gateway/parsed-records'
import { setSingleRecord } from '@courant/gateway/single-record'
import { TopicResolver } from '@courant/gateway/topic-resolver'
import { UnknownNames } from '@courant/gateway/unknown-names'
import { BusError, limits, type TenantId } from '@courant/kernel'
import type { MetadataCopy, Topic } from '@courant/metadata'
import { Metrics } from '@courant/service-kit'
import { type ControlPlaneAccess, watcherOf } from '../control-plane/sim-link.ts'
import type { Machine } from '../machine/machine.ts'
import type { Death, SimProcess } from '../machine/sim-process.ts'
import type { SimNetwork } from '../network/sim-network.ts'
import type { Journal } from './journal.ts'

export interface Written {
  /** As the gateway knows the topic of that name. */
  readonly topicId: string
  /** Null with acks=none. */
  readonly offset: number | null
}

export type Acks = 'all' | 'leader' | 'none'

export interface SentRecord {
  readonly name: string
  readonly partition: number
  readonly value: Buffer
  readonly acks: Acks
}

export interface ReadRecords {
  /** Record batches, as the leader has them. */
  readonly records: Buffer
  readonly highWatermark: number
}

export interface GatewayNodeParts {
  readonly machine: Machine
  readonly network: SimNetwork
  readonly access: ControlPlaneAccess
  readonly journal: Journal
  readonly tenantId: TenantId
}

interface Running {
  readonly process: SimProcess
  readonly dataPath: DataPath
  readonly metadata: MetadataCopy
}

/** The data path of a real gateway on a simulated machine. HTTP is left out: clients call it. */
export class GatewayNode {
  readonly machine: Machine
  readonly #parts: GatewayNodeParts
  #running: Running | null = null

  constructor(parts: GatewayNodeParts) {
    this.machine = parts.machine
    this.#parts = parts
  }

  get isDown(): boolean {
    return this.machine.process === null
  }

  start(): void {
    if (!this.isDown) return
    const process = this.machine.boot()
    const { network, access } = this.#parts
    const port = network.portOf(process)
    process.later(0, () => {
      const watcher = watcherOf(process, access, 'gateway')
      const { clock, random } = process
      const unknown = new UnknownNames(
        async () => ({ found: false, metadataVersion: 0 }),
        watcher.copy,
        clock,
      )
      const dataPath = createDataPath({
        network: port,
        clock,
        random,
        metrics: new Metrics(),
        metadata: watcher.copy,
        topics: new TopicResolver(watcher.copy, unknown),
        draining: new Draining(),
      })
      watcher.start()
      this.#running = { process, dataPath, metadata: watcher.copy }
      this.#parts.journal.tell(this.machine.host, () => 'serves')
    })
  }

  crash(how: Death): void {
    this.#running = null
    this.machine.crash(how)
  }

  /**
   * Writes one record. Rejects with BusError, whose `applied` says what is known; a
   * gateway that dies leaves nothing known.
   */
  produce({ name, partition, value, acks }: SentRecord, timeoutMs: number): Promise<Written> {
    return this.#ask(async ({ dataPath, metadata }) => {
      const found = this.#topic(metadata, name)
      const records = new ParsedRecords()
      const record = { key: null, value, headers: [], partition }
      setSingleRecord(records, record, found.partitionCount)
      const options = { acks, timeoutMs }
      const submission = dataPath.producer.submit(found, records, options, () => '')
      submission.next()
      if (acks === 'none') return { topicId: found.topicId, offset: null }
      const { pending } = submission
      await pending.whenDecided()
      const share = pending.shares.get(partition)
      const [written] = share?.written ?? []
      if (share?.error != null || written === undefined) {
        throw share?.error ?? new BusError('INTERNAL', 'nothing was written, and nothing failed')
      }
      return { topicId: found.topicId, offset: written.baseOffset }
    })
  }

  /** Reads from an offset on; empty when nothing is there within `waitMs`. */
  fetch(
    position: { readonly topicId: string; readonly partition: number; readonly offset: number },
    waitMs: number,
  ): Promise<ReadRecords> {
    return this.#ask(async ({ dataPath }) => {
      const { reader, reads } = dataPath
      const hold = reads.hold(this.#parts.tenantId)
      const bounds = { maxBytes: limits.fetchBytesDefault, isolation: 'committed', waitMs } as const
      const never = new AbortController().signal
      try {
        const where = position as Parameters<typeof reader.read>[0]
        const { records, highWatermark } = await reader.read(where, bounds, hold, never)
        // Its memory is the gateway's again once it has answered.
        return { records: Buffer.from(records), highWatermark }
      } finally {
        hold.release()
      }
    })
  }

  #topic(metadata: MetadataCopy, name: string): Topic {
    const topic = metadata.topicByName(this.#parts.tenantId, name)
    if (topic === null) throw new BusError('TOPIC_NOT_FOUND', 'There is no such topic.')
    return topic
  }

  /** The caller's connection: broken when the gateway dies, refused while it is down. */
  #ask<Answer>(work: (running: Running) => Promise<Answer>): Promise<Answer> {
    const running = this.#running
    const { journal } = this.#parts
    return new Promise((resolve, reject) => {
      if (running === null) {
        const error = new BusError('BROKER_UNAVAILABLE', 'The gateway refuses the connection.')
        return journal.later(1, () => reject(error))
      }
      const { process } = running
      process.onDeath(() => {
        const error = new BusError('CONNECTION_LOST', 'The gateway is gone.')
        journal.later(1, () => reject(error))
      })
      process.later(0.1, () => {
        work(running).then(
          (answer) => journal.later(0.1, () => resolve(answer)),
          (error: unknown) => journal.later(0.1, () => reject(error)),
        )
      })
    })
  }
}

import { type BrokerPorts, type RunningBroker, runBroker } from '@courant/broker/run'
import { Health, Metrics } from '@courant/service-kit'
import { type ControlPlaneAccess, linkOf } from '../control-plane/sim-link.ts'
import type { Machine } from '../machine/machine.ts'
import type { Death, SimProcess } from '../machine/sim-process.ts'
import type { SimNetwork } from '../network/sim-network.ts'
import type { Journal } from './journal.ts'

const PORT = 7072
/** A supervisor starts a process again that has ended by itself. */
const RESTART_MS = 1_000

export interface BrokerNodeParts {
  readonly id: number
  readonly machine: Machine
  readonly network: SimNetwork
  readonly access: ControlPlaneAccess
  readonly journal: Journal
  readonly ringBytes: number
  readonly replicaLagMs: number
  readonly rack: string
}

/** A real broker on a simulated machine, process after process. */
export class BrokerNode {
  readonly id: number
  readonly machine: Machine
  readonly #parts: BrokerNodeParts
  #broker: RunningBroker | null = null
  #seenVersion = 0
  /** A bit of its disk was flipped: it may say so, and refuse to start for it. */
  isDamaged = false
  /** Called when a process has come so far that its logs can be looked at. */
  onOpen: (node: BrokerNode, broker: RunningBroker, process: SimProcess) => void = () => undefined
  onDeath: (node: BrokerNode, how: Death) => void = () => undefined
  onDiskLost: (node: BrokerNode) => void = () => undefined

  constructor(parts: BrokerNodeParts) {
    this.id = parts.id
    this.machine = parts.machine
    this.#parts = parts
  }

  /** Of the metadata, as it was told last. */
  get seenVersion(): number {
    return this.#seenVersion
  }

  /** Null while it is down or starts. */
  get broker(): RunningBroker | null {
    return this.machine.process === null ? null : this.#broker
  }

  get isDown(): boolean {
    return this.machine.process === null
  }

  start(): void {
    if (!this.isDown) return
    const process = this.machine.boot()
    process.later(0, () => void this.#run(process))
  }

  crash(how: Death): void {
    if (this.isDown) return
    this.onDeath(this, how)
    this.#broker = null
    this.machine.crash(how)
  }

  /** What was on it is gone for good. Only while it is down. */
  loseDisk(): void {
    this.machine.replaceDisk()
    this.onDiskLost(this)
  }

  /** Controlled shutdown; it is down when this resolves, if nobody has killed it meanwhile. */
  async stop(): Promise<void> {
    const broker = this.#broker
    const { process } = this.machine
    if (broker === null || process === null) return
    await new Promise<void>((resolve) => {
      process.onDeath(() => resolve())
      process.later(0, () => {
        broker.stop().then(
          () => this.#ended(process, 'stopped'),
          (error: unknown) => this.#ended(process, `stopped badly: ${String(error)}`),
        )
      })
    })
  }

  async #run(process: SimProcess): Promise<void> {
    const { id, machine, journal, ringBytes, replicaLagMs, rack } = this.#parts
    const config = {
      brokerId: id,
      listen: { host: machine.host, port: PORT },
      advertised: null,
      rack,
      controlPlane: [],
      dataDirectory: `/${machine.host}`,
      ringBytes,
      replicaLagMs,
    }
    try {
      const broker = await runBroker(config, this.#ports(process))
      if (!process.isAlive) return
      journal.tell(machine.host, () => 'serves')
      this.#broker = broker
      this.onOpen(this, broker, process)
    } catch (error) {
      if (!process.isAlive) return
      journal.tell(machine.host, () => `could not start: ${String(error)}`)
      this.#ended(process, 'failed to start')
      // What the message asks of an operator: start it on an empty directory.
      if (this.isDamaged && refusesDamage(error)) this.loseDisk()
      journal.later(RESTART_MS, () => this.start())
    }
  }

  /** Notes what the broker tells of the metadata: it is on its disk, or will be in a moment. */
  #listened(link: BrokerPorts['link']): BrokerPorts['link'] {
    return {
      ...link,
      sendHeartbeat: (heartbeat) => {
        this.#seenVersion = heartbeat.seen.metadataVersion
        return link.sendHeartbeat(heartbeat)
      },
    }
  }

  #ended(process: SimProcess, why: string): void {
    if (!process.isAlive) return
    this.#parts.journal.tell(this.machine.host, () => why)
    this.crash('exit')
  }

  #ports(process: SimProcess): BrokerPorts {
    const { machine, network, access, journal } = this.#parts
    return {
      clock: process.clock,
      random: process.random,
      network: network.portOf(process),
      storage: machine.mount(process),
      link: this.#listened(linkOf(process, access)),
      log: journal.loggerOf(process),
      metrics: new Metrics(),
      health: new Health(),
    }
  }
}

const REFUSALS: ReadonlySet<string> = new Set(['RingCorruptError', 'DirectoryIdentityError'])

function refusesDamage(error: unknown): boolean {
  return error instanceof Error && REFUSALS.has(error.name)
}

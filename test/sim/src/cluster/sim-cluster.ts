import {
  alterTopic,
  type ClusterState,
  createTenant,
  ModelCluster,
  newCluster,
  type Work,
} from '@courant/control-plane/model'
import { SeededRandom, type TenantId, tenantId } from '@courant/kernel'
import { Violation } from '../checks/violation.ts'
import type { Controller } from '../control-plane/controller.ts'
import { DATABASE_HOST, SimDatabase } from '../control-plane/sim-database.ts'
import { Machine, seedOf } from '../machine/machine.ts'
import { Scheduler } from '../machine/scheduler.ts'
import type { ProcessRole, SimProcess } from '../machine/sim-process.ts'
import { Calls } from '../network/calls.ts'
import { Links } from '../network/links.ts'
import { SimNetwork } from '../network/sim-network.ts'
import { BrokerNode } from './broker-node.ts'
import { ControllerNode } from './controller-node.ts'
import { GatewayNode } from './gateway-node.ts'
import { Journal } from './journal.ts'
import { Operator } from './operator.ts'
import type { ClusterOptions } from './options.ts'
import { lowerLimits } from './small-limits.ts'

lowerLimits()

/** Times in virtual milliseconds are sums of fractions, and come out a little off. */
const MOMENT_MS = 1

type Node = BrokerNode | ControllerNode | GatewayNode

/** Everything that runs: machines with their processes, the network between them, the database. */
export class SimCluster {
  readonly scheduler = new Scheduler()
  readonly options: ClusterOptions
  readonly random: SeededRandom
  readonly journal: Journal
  readonly links: Links
  readonly network: SimNetwork
  readonly database: SimDatabase
  readonly brokers: readonly BrokerNode[]
  readonly controllers: readonly ControllerNode[]
  readonly gateways: readonly GatewayNode[]
  readonly tenantId: TenantId
  readonly operator: Operator
  readonly #model: ModelCluster

  constructor(seed: number, options: ClusterOptions, print: ((line: string) => void) | null) {
    this.options = options
    this.random = new SeededRandom(seed)
    const { random, scheduler } = this
    this.journal = new Journal(scheduler, print)
    this.links = new Links(scheduler, seedOf(random), options.network)
    this.network = new SimNetwork(this.links)
    const state = newCluster(random.uuid())
    const knobs = options.database
    this.database = new SimDatabase(state, { links: this.links, random: seedOf(random), knobs })
    this.#model = ModelCluster.of(state)
    this.tenantId = this.#makeTenant()
    const calls = new Calls<Controller>(this.links)
    const controllerHosts = names('controller', options.controllers)
    this.controllers = controllerHosts.map(
      (host) =>
        new ControllerNode({
          machine: this.#machine(host, 'controller'),
          database: this.database,
          calls,
          sessionTimeoutMs: options.sessionTimeoutMs,
          journal: this.journal,
        }),
    )
    const access = { calls, controllers: controllerHosts }
    const shared = { network: this.network, access, journal: this.journal }
    this.brokers = names('broker', options.brokers).map(
      (host, index) =>
        new BrokerNode({
          ...shared,
          id: index + 1,
          machine: this.#machine(host, 'broker'),
          ringBytes: options.ringBytes,
          replicaLagMs: options.replicaLagMs,
          rack: '',
        }),
    )
    this.gateways = names('gateway', options.gateways).map(
      (host) =>
        new GatewayNode({
          ...shared,
          machine: this.#machine(host, 'gateway'),
          tenantId: this.tenantId,
        }),
    )
    this.operator = new Operator({
      controllers: this.controllers,
      random: seedOf(random),
      journal: this.journal,
    })
    this.database.onVersion = () => this.#hint()
  }

  get state(): ClusterState {
    return this.database.state
  }

  get nodes(): readonly Node[] {
    return [...this.brokers, ...this.controllers, ...this.gateways]
  }

  get hosts(): readonly string[] {
    return [...this.nodes.map(({ machine }) => machine.host), DATABASE_HOST]
  }

  start(): void {
    for (const node of this.nodes) node.start()
  }

  /** At once and without a fault: what sets the scene is not what is tested. */
  atOnce<Result>(work: (cluster: ModelCluster) => Work<Result>): Result {
    return this.database.atOnce(work(this.#model))
  }

  /** From now on nothing is deleted any more, so that replicas can be compared. */
  stopRetention(name: string): void {
    const set = { 'retention.ms': '-1', 'retention.bytes': '-1' }
    const request = { tenantId: this.tenantId, name, set, reset: [] }
    this.atOnce((cluster) => alterTopic(cluster, request))
  }

  /** Or until the signal aborts. */
  sleep(ms: number, signal?: AbortSignal): Promise<void> {
    return new Promise((resolve) => {
      if (signal?.aborted) return resolve()
      const timer = this.scheduler.at(ms, null, finish)
      signal?.addEventListener('abort', finish, { once: true })
      function finish(): void {
        timer.cancel()
        signal?.removeEventListener('abort', finish)
        resolve()
      }
    })
  }

  /** Whether it came true within the time. */
  async until(isTrue: () => boolean, timeoutMs: number, stepMs = 100): Promise<boolean> {
    for (let leftMs = timeoutMs; ; leftMs -= stepMs) {
      if (isTrue()) return true
      if (leftMs <= 0) return false
      await this.sleep(stepMs)
    }
  }

  /** What must be answered, whatever the answer is, before who is asked was awake for the time. */
  within<Answer>(
    answer: Promise<Answer>,
    asked: { readonly process: SimProcess | null; readonly timeoutMs: number },
    what: () => string,
  ): Promise<Answer> {
    const { scheduler } = this
    const { process, timeoutMs } = asked
    const awakeMs = (): number => scheduler.nowMs - (process?.asleepMs ?? 0)
    const endMs = awakeMs() + timeoutMs
    return new Promise((resolve, reject) => {
      let timer = scheduler.at(timeoutMs, null, judge)
      function judge(): void {
        const leftMs = endMs - awakeMs()
        if (leftMs > MOMENT_MS) timer = scheduler.at(leftMs, null, judge)
        else reject(new Violation(`${what()} was not answered within ${timeoutMs} ms`))
      }
      answer.then(resolve, reject).finally(() => timer.cancel())
    })
  }

  #makeTenant(): TenantId {
    const parts = { cluster: this.#model, random: this.random }
    const { tenant } = this.database.atOnce(createTenant(parts, 'simulated'))
    return tenantId(tenant?.tenantId ?? '')
  }

  #machine(host: string, role: ProcessRole): Machine {
    const { random, scheduler, links, options } = this
    const wallSkewMs = (random.next() - 0.5) * options.wallSkewMs
    const parts = { scheduler, links, random: seedOf(random), disk: options.disk }
    return new Machine({ host, role, wallSkewMs }, parts)
  }

  /** LISTEN and NOTIFY: a hint, which may come late or not at all. */
  #hint(): void {
    for (const { machine, controller } of this.controllers) {
      const { process } = machine
      if (process === null || controller === null) continue
      if (this.links.isBlocked(DATABASE_HOST, machine.host)) continue
      process.later(this.links.delayMs(DATABASE_HOST, machine.host), () => controller.feed?.hint())
    }
  }
}

function names(role: string, count: number): string[] {
  return Array.from({ length: count }, (_, index) => `${role}-${index + 1}`)
}

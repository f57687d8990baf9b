import type { GroupShard } from '@courant/api/internal/v1/group'
import type { Topic } from '@courant/group'
import { BusError, SeededRandom } from '@courant/kernel'
import type { Scheduler } from '../src/machine/scheduler.ts'
import type { SimProcess } from '../src/machine/sim-process.ts'
import { GroupChecks } from './checks/group-checks.ts'
import { GroupTables, keyOf } from './database/group-tables.ts'
import { SimCatalog } from './database/sim-catalog.ts'
import { NO_LOCKS, SimDatabase } from './database/sim-database.ts'
import type { OffsetWatch } from './database/sim-group-rows.ts'
import type { Member } from './load/member.ts'
import { SimLog } from './load/sim-log.ts'
import type { GroupWorldOptions } from './options.ts'
import type { ControlPlaneNode } from './processes/control-plane-node.ts'
import type { GatewayNode } from './processes/gateway-node.ts'

const HTTP_HOP_MS = 2
const LIST_MS_MAX = 5_000

/** What all parts of a simulation share: time, chance, the database, the logs, who is where. */
export class World {
  readonly scheduler: Scheduler
  readonly random: SeededRandom
  readonly options: GroupWorldOptions
  readonly database: SimDatabase
  readonly catalog: SimCatalog
  readonly checks: GroupChecks
  readonly tenantId: string
  readonly controlPlanes: ControlPlaneNode[] = []
  readonly gateways: GatewayNode[] = []
  readonly members: Member[] = []
  readonly #logs = new Map<string, SimLog>()
  readonly #cuts = new Set<string>()
  readonly #failed = Promise.withResolvers<never>()
  logsAreAway = false
  /** Faults are over: what is left is to be done at once, however slow the members were. */
  isHealed = false
  /** Of the calls between gateways and control planes, and of the requests of members. */
  lostAnswers = 0

  constructor(scheduler: Scheduler, random: SeededRandom, options: GroupWorldOptions) {
    this.scheduler = scheduler
    this.random = random
    this.options = options
    this.tenantId = random.uuid()
    this.catalog = new SimCatalog(this.tenantId)
    const tables = new GroupTables()
    this.checks = new GroupChecks(tables, () => scheduler.nowMs)
    this.database = new SimDatabase(scheduler, new SeededRandom(random.below(2 ** 32)), tables)
    this.database.onCommit = () => this.judge(() => this.checks.looked())
  }

  get nowMs(): number {
    return this.scheduler.nowMs
  }

  /** Rejects with what was found to be wrong outside of everybody's promises. */
  get failed(): Promise<never> {
    return this.#failed.promise
  }

  fail(error: unknown): void {
    this.#failed.reject(error)
  }

  get offsetWatch(): OffsetWatch {
    return { raised: (...commit) => this.judge(() => this.checks.raised(...commit)) }
  }

  /** What is wrong ends the run, also where whoever caused it would take it for a failed call. */
  judge(check: () => void): void {
    try {
      check()
    } catch (error) {
      this.fail(error)
      throw error
    }
  }

  setTopic(topic: Topic): void {
    this.catalog.set(topic)
    for (let partition = 0; partition < topic.partitions; partition += 1) {
      const key = keyOf({ topicId: topic.topicId, partition })
      if (!this.#logs.has(key)) this.#logs.set(key, new SimLog())
    }
  }

  get partitionKeys(): readonly string[] {
    return [...this.#logs.keys()]
  }

  logOf(of: { readonly topicId: string; readonly partition: number }): SimLog {
    return this.logAt(keyOf(of))
  }

  logAt(key: string): SimLog {
    const log = this.#logs.get(key)
    if (log === undefined) throw new Error(`there is no partition ${key}`)
    return log
  }

  topicIdOf(name: string): string {
    const topic = this.catalog.topics.find((each) => each.name === name)
    if (topic === undefined) throw new Error(`there is no topic ${name}`)
    return topic.topicId
  }

  controlPlaneAt(address: string): ControlPlaneNode | null {
    return this.controlPlanes.find((each) => each.address === address) ?? null
  }

  gatewayFor(turn: number): GatewayNode {
    const gateway = this.gateways[turn % this.gateways.length]
    if (gateway === undefined) throw new Error('there is no gateway')
    return gateway
  }

  cut(gateway: string, controlPlane: string): () => void {
    const link = `${gateway} ${controlPlane}`
    this.#cuts.add(link)
    return () => this.#cuts.delete(link)
  }

  isCut(gateway: string, controlPlane: string): boolean {
    return this.#cuts.has(`${gateway} ${controlPlane}`)
  }

  /** How long a piece of work takes. */
  workMs(drawnMs: number): number {
    return this.isHealed ? 0 : drawnMs
  }

  losesAnswer(): boolean {
    return this.random.next() < this.lostAnswers
  }

  /** Of any control plane that the gateway reaches: it reads the rows. */
  async listGroupShards(gateway: SimProcess): Promise<readonly GroupShard[]> {
    const reachable = this.controlPlanes.filter(
      ({ address, process }) => process !== null && !this.isCut(gateway.host, address),
    )
    const process = reachable[this.random.below(reachable.length)]?.process ?? null
    if (process === null) {
      throw new BusError('CONTROL_PLANE_UNAVAILABLE', 'No control plane is reached.')
    }
    const { tables } = this.database
    const late = Promise.withResolvers<never>()
    const timer = gateway.later(LIST_MS_MAX, () =>
      late.reject(new BusError('TIMED_OUT', 'The control plane did not answer in time.')),
    )
    const listed = this.database.run(process, NO_LOCKS, () =>
      tables.shards.map(({ owner }, shard) => {
        const row = tables.controlPlanes.get(owner ?? '')
        const isAlive = row !== undefined && row.expiresAtMs > this.nowMs
        return { shard, address: isAlive ? row.address : '' }
      }),
    )
    return Promise.race([listed, late.promise]).finally(() => timer.cancel())
  }

  /** A request of a member: either may die, and the request or its answer get lost. */
  ask<T>(
    from: SimProcess,
    gateway: GatewayNode,
    serve: (gateway: GatewayNode) => Promise<T>,
    timeoutMs: number,
  ): Promise<T> {
    return new Promise((resolve, reject) => {
      const fail = (error: BusError): void => {
        from.later(this.random.next() * HTTP_HOP_MS, () => reject(error))
      }
      const broken = (): void => fail(new BusError('CONNECTION_LOST', 'The connection broke.'))
      from.later(timeoutMs, () => reject(new BusError('TIMED_OUT', 'No answer came.')))
      this.#hop(null, () => {
        const { process } = gateway
        if (process === null || this.losesAnswer()) return broken()
        process.onDeath(broken)
        this.#hop(process, () => {
          serve(gateway).then(
            (answer) => {
              if (!process.isAlive) return
              if (this.losesAnswer()) broken()
              else this.#hop(from, () => resolve(answer))
            },
            (error: unknown) => {
              if (error instanceof BusError) fail(error)
              else this.fail(error)
            },
          )
        })
      })
    })
  }

  #hop(owner: SimProcess | null, callback: () => void): void {
    this.scheduler.at(this.random.next() * HTTP_HOP_MS, owner, callback)
  }
}

/**
 * The local cluster of `npm run cluster` with this process as its supervisor: real services, each a
 * process of its own, which faults may strike one by one.
 */
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { systemClock, systemRandom, wait } from '@courant/kernel'
import { readEnvironment } from '@courant/service-kit'
import {
  type Cluster,
  clusterSettings,
  type MemberStatus,
  type Role,
  type ServicePlan,
  startCluster,
} from '@courant/standalone'
import type { Violation } from '../history/history.ts'
import type { Gateways } from '../load/client.ts'

export interface Target {
  readonly role: Role
  readonly id: number
}

export interface ChaosClusterOptions {
  /** Directory of everything that the cluster keeps. */
  readonly home: string
  /** Added to the default ports. */
  readonly portOffset: number
  readonly adapt: (plan: ServicePlan) => Promise<ServicePlan>
  readonly say: (line: string) => void
}

const RING_BYTES = 16 << 20
const POLL_MS = 50

/** As the supervisor says it; a process that ends so gave up by itself. */
const CRASH = /^(.+ ended with status [1-9]\d*)\. To start it again/
/** A control plane that finds no database at its start; PostgreSQL when it was killed. */
const MAY_GIVE_UP = /^(control-plane|PostgreSQL) /

export class ChaosCluster {
  /** Processes that ended though nobody had killed or stopped them. */
  readonly crashes: readonly Violation[]
  readonly #cluster: Cluster

  private constructor(cluster: Cluster, crashes: readonly Violation[]) {
    this.#cluster = cluster
    this.crashes = crashes
  }

  static async start(options: ChaosClusterOptions): Promise<ChaosCluster> {
    const { home, portOffset, adapt } = options
    const crashes: Violation[] = []
    const say = (line: string): void => {
      options.say(line)
      const text = CRASH.exec(line)?.[1]
      if (text !== undefined && !MAY_GIVE_UP.test(text)) crashes.push({ checker: 'crash', text })
    }
    const config = readEnvironment(clusterSettings, {
      COURANT_DATA_DIR: join(home, 'data'),
      COURANT_CLUSTER_PORT_OFFSET: String(portOffset),
      COURANT_RING_BYTES: String(RING_BYTES),
    })
    const cluster = await startCluster(config, {
      clock: systemClock,
      random: systemRandom,
      environment: cleanEnvironment(),
      say,
      stopping: new AbortController().signal,
      requestStop: () => say('an order to stop has come: not followed'),
      adapt,
    })
    return new ChaosCluster(cluster, crashes)
  }

  get gateways(): Gateways {
    const { processes, credentials } = this.#cluster
    const urls = processes.filter(({ role }) => role === 'gateway').map(({ url }) => url)
    return { urls, apiKey: credentials.apiKey }
  }

  get operatorKey(): string {
    return this.#cluster.credentials.operatorKey
  }

  /** All processes, in the order in which they were started. */
  get targets(): readonly Target[] {
    return this.#cluster.processes.map(({ role, id }) => ({ role, id }))
  }

  async signal(target: Target, signal: NodeJS.Signals): Promise<void> {
    const { pid } = await this.#statusOf(target)
    if (pid !== null) process.kill(pid, signal)
  }

  /** Ends the process so that it can neither answer nor clean up; resolves when it is gone. */
  async kill(target: Target, signal: NodeJS.Signals = 'SIGKILL'): Promise<void> {
    await this.signal(target, signal)
    while ((await this.#statusOf(target)).pid !== null) await wait(systemClock, POLL_MS)
  }

  async stop({ role, id }: Target): Promise<void> {
    await this.#cluster.orders.stop(role, id)
  }

  /** Starts what is down; stops in order what is not, and starts it. Resolves when it is ready. */
  async restart({ role, id }: Target): Promise<void> {
    await this.#cluster.orders.restart(role, id)
  }

  async status(): Promise<readonly MemberStatus[]> {
    return await this.#cluster.orders.status()
  }

  /** All processes, in order. */
  async end(): Promise<void> {
    await this.#cluster.stop()
  }

  async #statusOf({ role, id }: Target): Promise<MemberStatus> {
    const found = (await this.status()).find((of) => of.role === role && of.id === id)
    if (found === undefined) throw new Error(`the cluster has no ${role} ${id}`)
    return found
  }
}

/** A directory that goes with the run, with a path short enough for sockets. */
export function makeHome(): Promise<string> {
  return mkdtemp(join(tmpdir(), `courant-chaos-${process.pid}-`))
}

export function removeHome(home: string): Promise<void> {
  return rm(home, { recursive: true, force: true })
}

/** Nothing of our own environment but what every process needs. */
function cleanEnvironment(): NodeJS.ProcessEnv {
  const { PATH = '', HOME = '', TMPDIR } = process.env
  return { PATH, HOME, ...(TMPDIR === undefined ? {} : { TMPDIR }) }
}

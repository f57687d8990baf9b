/**
 * A network namespace of Linux for each process, joined by a bridge: the kernel itself drops what a
 * partition drops. It needs root, `ip`, `nsenter` and `ss`.
 */
import type { ServicePlan } from '@courant/standalone'
import type { Target } from '../cluster/chaos-cluster.ts'
import { isAlive } from '../is-alive.ts'
import { runCommand } from '../run-command.ts'
import type { ChaosNetwork } from './chaos-network.ts'
import { byWayOf, socketOf } from './database-url.ts'
import { Relay } from './relay.ts'

/** Two runs on one machine do not meet. */
const SUBNET = `10.${100 + (process.pid % 100)}`
/** Of the bridge, where this process is; and the database, which this process relays to. */
const HERE = `${SUBNET}.0.1`
const DATABASE = `${SUBNET}.0.2`
const PREFIX_LENGTH = 16
const LOOPBACK = '127.0.0.1'
const NUMBERS = { 'control-plane': 1, broker: 2, gateway: 3 } as const
const NAME = /^cch(\d+)-/
/** Delays where the kernel has netem, else as slow a link as makes everything late. */
const DELAY = ['netem', 'delay', '200ms', '100ms']
const SLOW_LINK = ['tbf', 'rate', '400kbit', 'burst', '8kb', 'latency', '2s']

export class NamespaceNetwork implements ChaosNetwork {
  readonly #bridge = `cch${process.pid}`
  readonly #made: string[] = []
  /** Addresses of the control planes, by their ports. */
  readonly #controlPlanes = new Map<string, string>()
  #slowness = DELAY
  #relay: Relay | null = null

  /** Null where the kernel, or the user, does not allow it. */
  static async open(): Promise<NamespaceNetwork | null> {
    await removeLeftovers()
    const network = new NamespaceNetwork()
    try {
      await network.#build()
      return network
    } catch {
      await network.close()
      return null
    }
  }

  get means(): string {
    const how =
      this.#slowness === DELAY ? 'delays by netem' : 'delays by slow links, for want of netem'
    return `network namespaces, ${how}`
  }

  async adapt(plan: ServicePlan): Promise<ServicePlan> {
    const address = addressOf(plan)
    const namespace = this.#nameOf(plan)
    await this.#makeNamespace(plan.role, plan.id, namespace, address)
    const env = await this.#environment(plan, address)
    // nsenter becomes the service: same pid, same standard input, no mounts of its own.
    const enter = ['nsenter', `--net=/run/netns/${namespace}`]
    const move = (url: string): string => url.replace(LOOPBACK, address)
    return {
      ...plan,
      env,
      url: move(plan.url),
      adminUrl: move(plan.adminUrl),
      get command() {
        return [...enter, ...plan.command]
      },
    }
  }

  /** Addresses tell who is who. */
  know(): void {}

  async cut(from: Target, to: Target, how: 'lost' | 'refused'): Promise<void> {
    const type = how === 'lost' ? 'blackhole' : 'unreachable'
    await this.#ip(from, 'route', 'add', type, `${addressOf(to)}/32`)
  }

  async mend(from: Target, to: Target): Promise<void> {
    await this.#ip(from, 'route', 'del', `${addressOf(to)}/32`)
  }

  async reset(one: Target, other: Target): Promise<void> {
    const namespace = `--net=/run/netns/${this.#nameOf(one)}`
    await runCommand('nsenter', namespace, 'ss', '-K', 'dst', addressOf(other))
  }

  async slow(of: Target): Promise<void> {
    await runCommand(
      'tc',
      '-n',
      this.#nameOf(of),
      'qdisc',
      'add',
      'dev',
      'eth0',
      'root',
      ...this.#slowness,
    )
  }

  async hasten(of: Target): Promise<void> {
    await runCommand('tc', '-n', this.#nameOf(of), 'qdisc', 'del', 'dev', 'eth0', 'root')
  }

  async close(): Promise<void> {
    await this.#relay?.close()
    for (const name of this.#made) await runCommand('ip', 'netns', 'del', name).catch(() => {})
    await runCommand('ip', 'link', 'del', this.#bridge).catch(() => {})
  }

  async #build(): Promise<void> {
    await runCommand('ip', 'link', 'add', this.#bridge, 'type', 'bridge')
    for (const address of [HERE, DATABASE]) {
      await runCommand('ip', 'addr', 'add', `${address}/${PREFIX_LENGTH}`, 'dev', this.#bridge)
    }
    await runCommand('ip', 'link', 'set', this.#bridge, 'up')
    await runCommand('ss', '-V')
    const delay = ['qdisc', 'add', 'dev', this.#bridge, 'root', ...DELAY]
    await runCommand('tc', ...delay).then(
      () => runCommand('tc', 'qdisc', 'del', 'dev', this.#bridge, 'root'),
      () => {
        this.#slowness = SLOW_LINK
      },
    )
  }

  async #makeNamespace(role: string, id: number, name: string, address: string): Promise<void> {
    const link = `${this.#bridge}${role[0]}${id}`
    await runCommand('ip', 'netns', 'add', name)
    this.#made.push(name)
    await runCommand(
      'ip',
      'link',
      'add',
      link,
      'type',
      'veth',
      'peer',
      'name',
      'eth0',
      'netns',
      name,
    )
    await runCommand('ip', 'link', 'set', link, 'master', this.#bridge, 'up')
    await runCommand('ip', '-n', name, 'addr', 'add', `${address}/${PREFIX_LENGTH}`, 'dev', 'eth0')
    await runCommand('ip', '-n', name, 'link', 'set', 'eth0', 'up')
    await runCommand('ip', '-n', name, 'link', 'set', 'lo', 'up')
  }

  /** Listens on its own address, and finds the others on theirs. */
  async #environment(plan: ServicePlan, address: string): Promise<NodeJS.ProcessEnv> {
    const env: NodeJS.ProcessEnv = { ...plan.env, COURANT_ADMIN_HOST: address }
    for (const name of ['COURANT_CONTROL_PLANE_LISTEN', 'COURANT_BROKER_LISTEN']) {
      const listen = env[name]
      if (listen !== undefined) env[name] = listen.replace(LOOPBACK, address)
    }
    if (plan.role === 'gateway') env['COURANT_HTTP_HOST'] = address
    const own = env['COURANT_CONTROL_PLANE_LISTEN']
    if (own !== undefined) this.#controlPlanes.set(own.split(':').at(-1) ?? '', own)
    const known = env['COURANT_CONTROL_PLANE']?.split(',')
    if (known !== undefined) {
      const moved = known.map(
        (place) => this.#controlPlanes.get(place.split(':').at(-1) ?? '') ?? place,
      )
      env['COURANT_CONTROL_PLANE'] = moved.join(',')
    }
    const databaseUrl = env['DATABASE_URL']
    if (databaseUrl !== undefined) {
      this.#relay ??= await Relay.listen(DATABASE, 0, { path: socketOf(databaseUrl) })
      env['DATABASE_URL'] = byWayOf(databaseUrl, DATABASE, this.#relay.port)
    }
    return env
  }

  #nameOf({ role, id }: Target): string {
    return `${this.#bridge}-${role}-${id}`
  }

  async #ip(of: Target, ...args: readonly string[]): Promise<void> {
    await runCommand('ip', '-n', this.#nameOf(of), ...args)
  }
}

function addressOf({ role, id }: Target): string {
  return role === 'postgres' ? DATABASE : `${SUBNET}.${NUMBERS[role]}.${id}`
}

/** Of runs that were killed. */
async function removeLeftovers(): Promise<void> {
  const list = await runCommand('ip', 'netns', 'list').catch(() => '')
  for (const name of list.split('\n').map((line) => line.split(' ')[0] ?? '')) {
    const pid = NAME.exec(name)?.[1]
    if (pid === undefined || isAlive(Number(pid))) continue
    await runCommand('ip', 'netns', 'del', name).catch(() => {})
    await runCommand('ip', 'link', 'del', `cch${pid}`).catch(() => {})
  }
}

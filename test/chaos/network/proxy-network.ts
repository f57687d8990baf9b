/**
 * TCP proxies of this process between all processes: what there is where the kernel allows no
 * network namespaces. Control planes and the database have a proxy for each process that uses
 * them; a broker, and a control plane as the coordinator of groups, has one address for all, so who
 * connects there is looked up in /proc.
 */
import { createServer, type NetConnectOpts, type Server } from 'node:net'
import type { ServicePlan } from '@courant/standalone'
import type { ChaosCluster, Target } from '../cluster/chaos-cluster.ts'
import { targetText } from '../faults/fault.ts'
import type { ChaosNetwork } from './chaos-network.ts'
import { byWayOf, socketOf } from './database-url.ts'
import { Passage, type PassageState } from './passage.ts'
import { whoConnects } from './who-connects.ts'

const HOST = '127.0.0.1'
const DELAY_MS = 200
const DATABASE: Target = { role: 'postgres', id: 1 }

interface Known {
  readonly passage: Passage
  /** Null where nobody could say who connects. */
  readonly from: Target | null
  readonly to: Target
}

export class ProxyNetwork implements ChaosNetwork {
  readonly #servers: Server[] = []
  readonly #passages = new Set<Known>()
  /** Links that are cut, `from>to`, and how. */
  readonly #cuts = new Map<string, 'lost' | 'refused'>()
  readonly #slow = new Set<string>()
  readonly #controlPlanes: { readonly target: Target; readonly place: NetConnectOpts }[] = []
  #cluster: ChaosCluster | null = null

  get means(): string {
    const known = process.platform === 'linux' ? '' : ', all links of a broker alike'
    return `TCP proxies between the processes, no network namespaces${known}`
  }

  know(cluster: ChaosCluster): void {
    this.#cluster = cluster
  }

  async adapt(plan: ServicePlan): Promise<ServicePlan> {
    const env: NodeJS.ProcessEnv = { ...plan.env }
    const { COURANT_CONTROL_PLANE_LISTEN, COURANT_BROKER_LISTEN, DATABASE_URL } = env
    if (COURANT_CONTROL_PLANE_LISTEN !== undefined) {
      const place = placeOf(COURANT_CONTROL_PLANE_LISTEN)
      this.#controlPlanes.push({ target: plan, place })
      // Where gateways find it as the coordinator of groups.
      env['COURANT_CONTROL_PLANE_ADVERTISED'] = `${HOST}:${await this.#proxy(null, plan, place)}`
    }
    if (DATABASE_URL !== undefined) {
      const port = await this.#proxy(plan, DATABASE, { path: socketOf(DATABASE_URL) })
      env['DATABASE_URL'] = byWayOf(DATABASE_URL, HOST, port)
    }
    if (env['COURANT_CONTROL_PLANE'] !== undefined) {
      const places = []
      for (const { target, place } of this.#controlPlanes) {
        places.push(`${HOST}:${await this.#proxy(plan, target, place)}`)
      }
      env['COURANT_CONTROL_PLANE'] = places.join(',')
    }
    if (COURANT_BROKER_LISTEN !== undefined) {
      const port = await this.#proxy(null, plan, placeOf(COURANT_BROKER_LISTEN))
      env['COURANT_BROKER_ADVERTISED'] = `${HOST}:${port}`
    }
    return {
      ...plan,
      env,
      // As it is chosen at each start.
      get command() {
        return plan.command
      },
    }
  }

  async cut(from: Target, to: Target, how: 'lost' | 'refused'): Promise<void> {
    this.#cuts.set(linkText(from, to), how)
    this.#update()
  }

  async mend(from: Target, to: Target): Promise<void> {
    this.#cuts.delete(linkText(from, to))
    this.#update()
  }

  async reset(one: Target, other: Target): Promise<void> {
    for (const { passage, from, to } of this.#passages) {
      const ends = [from, to].flatMap((end) => (end === null ? [] : [targetText(end)]))
      if (ends.includes(targetText(one)) && ends.includes(targetText(other))) passage.reset()
    }
  }

  async slow(of: Target): Promise<void> {
    this.#slow.add(targetText(of))
  }

  async hasten(of: Target): Promise<void> {
    this.#slow.delete(targetText(of))
  }

  async close(): Promise<void> {
    for (const server of this.#servers) server.close()
    for (const { passage } of this.#passages) passage.reset()
  }

  #update(): void {
    for (const { passage } of this.#passages) passage.update()
  }

  /** Its port. `from` is null where anybody may connect. */
  async #proxy(from: Target | null, to: Target, place: NetConnectOpts): Promise<number> {
    const server = createServer({ allowHalfOpen: true, pauseOnConnect: true }, async (client) => {
      const source = from ?? (await this.#whoIs(client.remotePort ?? 0))
      if (this.#isRefused(source, to)) {
        client.resetAndDestroy()
        return
      }
      const known = {
        passage: new Passage(client, place, () => this.#stateOf(source, to)),
        from: source,
        to,
      }
      this.#passages.add(known)
      known.passage.onClosed(() => this.#passages.delete(known))
    })
    this.#servers.push(server)
    await new Promise<void>((resolve) => server.listen(0, HOST, resolve))
    const address = server.address()
    return typeof address === 'object' && address !== null ? address.port : 0
  }

  async #whoIs(port: number): Promise<Target | null> {
    const members = (await this.#cluster?.status()) ?? []
    const pid = whoConnects(
      port,
      members.flatMap((member) => member.pid ?? []),
    )
    return members.find((member) => pid !== null && member.pid === pid) ?? null
  }

  #isRefused(from: Target | null, to: Target): boolean {
    return from !== null && this.#cuts.get(linkText(from, to)) === 'refused'
  }

  #stateOf(from: Target | null, to: Target): PassageState {
    const delayOf = (of: Target | null): number =>
      of !== null && this.#slow.has(targetText(of)) ? DELAY_MS : 0
    return {
      out: this.#isCut(from, to) ? 'held' : 'open',
      back: this.#isCut(to, from) ? 'held' : 'open',
      outDelayMs: delayOf(from),
      backDelayMs: delayOf(to),
    }
  }

  /** A cut of any link of the known end counts where the other is not known. */
  #isCut(from: Target | null, to: Target | null): boolean {
    if (from !== null && to !== null) return this.#cuts.has(linkText(from, to))
    const links = [...this.#cuts.keys()]
    if (from !== null) return links.some((link) => link.startsWith(`${targetText(from)}>`))
    return to !== null && links.some((link) => link.endsWith(`>${targetText(to)}`))
  }
}

function linkText(from: Target, to: Target): string {
  return `${targetText(from)}>${targetText(to)}`
}

function placeOf(address: string): NetConnectOpts {
  const colon = address.lastIndexOf(':')
  return { host: address.slice(0, colon), port: Number(address.slice(colon + 1)) }
}

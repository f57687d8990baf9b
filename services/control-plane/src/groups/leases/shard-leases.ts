import { type Clock, type Random, wait } from '@courant/kernel'
import type { Logger } from '@courant/service-kit'
import type { Registration } from './control-plane-lease.ts'
import type { LeaseRows } from './lease-rows.ts'
import type { OwnedShard } from './shard-rows.ts'
import { type Lease, ShardTerm } from './shard-term.ts'

/** Who coordinates the groups of the shards that are held. */
export interface ShardHolder {
  /** Shards are this control plane's now. */
  take(terms: readonly ShardTerm[]): void
  /** Others may have them already: what memory holds of them is worth nothing. */
  lose(terms: readonly ShardTerm[]): void
  /** Takes no new calls for them; resolves when what was under way has ended. */
  finish(terms: readonly ShardTerm[]): Promise<void>
}

export interface ShardLeasesOptions {
  readonly rows: LeaseRows
  /** host:port, where gateways find this control plane. */
  readonly address: string
  readonly leaseMs: number
  readonly holder: ShardHolder
  readonly clock: Clock
  readonly random: Random
  readonly log: Logger
}

const RENEWALS_PER_LEASE = 3

/**
 * Holds this control plane's part of the shards: renews its lease, takes shards of those that died,
 * gives away what is more than its part. A lease that was not renewed in time is over, even if the
 * database would still have it: the sessions of the members had a gap, so all begins anew.
 */
export class ShardLeases {
  readonly #options: ShardLeasesOptions
  readonly #terms = new Map<number, ShardTerm>()
  readonly #leaving = new Set<number>()
  readonly #stopping = new AbortController()
  #registration: Registration | null = null
  #lease: Lease = { instanceId: '', validUntilMs: Number.NEGATIVE_INFINITY }
  #nudge = new AbortController()
  #running: Promise<void> = Promise.resolve()

  constructor(options: ShardLeasesOptions) {
    this.#options = options
  }

  /** How many shards it coordinates. */
  get count(): number {
    return [...this.#terms.values()].filter(({ isHeld }) => isHeld).length
  }

  /** Resolves when it has tried once to get its part. */
  async start(): Promise<void> {
    await this.#pass()
    this.#running = this.#run()
  }

  /** Shards may be free: look now. */
  hint(): void {
    this.#nudge.abort()
  }

  /** The database is another, or went back in time: everything is read anew. */
  restart(): void {
    this.#loseAll()
    this.hint()
  }

  /** Gives everything away, so that the next one takes over at once. */
  async stop(): Promise<void> {
    this.#stopping.abort()
    this.#nudge.abort()
    await this.#running
    const { holder, log, rows } = this.#options
    const terms = [...this.#terms.values()]
    await holder.finish(terms)
    for (const term of terms) term.end()
    this.#terms.clear()
    if (this.#registration === null) return
    await rows
      .unregister(this.#registration.instanceId)
      .catch((err: unknown) =>
        log.warn(
          { err },
          'the shards of groups could not be given back; their lease ends by itself',
        ),
      )
  }

  async #run(): Promise<void> {
    const { clock, leaseMs } = this.#options
    while (!this.#stopping.signal.aborted) {
      await wait(clock, leaseMs / RENEWALS_PER_LEASE, this.#nudge.signal)
      this.#nudge = new AbortController()
      if (!this.#stopping.signal.aborted) await this.#pass()
    }
  }

  async #pass(): Promise<void> {
    try {
      await this.#hold()
      await this.#balance()
    } catch (err) {
      this.#options.log.warn({ err }, 'the lease on the shards of groups could not be renewed')
    }
    if (!this.#isValid) this.#loseAll()
  }

  get #isValid(): boolean {
    return this.#options.clock.monotonicMs() < this.#lease.validUntilMs
  }

  async #hold(): Promise<void> {
    const { clock, leaseMs, rows } = this.#options
    const sentAtMs = clock.monotonicMs()
    if (this.#registration !== null && this.#isValid) {
      const renewed = await rows.renew(this.#registration, leaseMs)
      // An answer that comes after the end comes too late: somebody may have been refused.
      if (renewed !== null && this.#isValid) {
        this.#registration = renewed
        this.#lease.validUntilMs = sentAtMs + leaseMs
        return
      }
    }
    this.#loseAll()
    await this.#register()
  }

  async #register(): Promise<void> {
    const { address, clock, leaseMs, random, rows } = this.#options
    const instanceId = random.uuid()
    const replaces = this.#registration?.instanceId ?? null
    const sentAtMs = clock.monotonicMs()
    this.#registration = await rows.register({ instanceId, address, leaseMs, replaces })
    this.#lease = { instanceId, validUntilMs: sentAtMs + leaseMs }
  }

  async #balance(): Promise<void> {
    const balance = await this.#options.rows.balance(this.#lease.instanceId)
    if (balance === null || !this.#isValid) return this.#loseAll()
    this.#adopt(balance.owned)
    const surplus = this.#terms.size - this.#leaving.size - balance.share
    if (surplus <= 0) return
    const terms = [...this.#terms.values()].filter(({ shard }) => !this.#leaving.has(shard))
    void this.#giveAway(terms.slice(-surplus))
  }

  /** What the rows say, also after a COMMIT whose answer was lost. */
  #adopt(owned: readonly OwnedShard[]): void {
    const { clock, holder } = this.#options
    const epochs = new Map(owned.map(({ shard, epoch }) => [shard, epoch]))
    this.#lose([...this.#terms.values()].filter(({ shard, epoch }) => epochs.get(shard) !== epoch))
    const fresh = owned
      .filter(({ shard }) => !this.#terms.has(shard) && !this.#leaving.has(shard))
      .map((shard) => new ShardTerm(shard, this.#lease, () => clock.monotonicMs()))
    for (const term of fresh) this.#terms.set(term.shard, term)
    if (fresh.length > 0) holder.take(fresh)
  }

  async #giveAway(terms: readonly ShardTerm[]): Promise<void> {
    const { holder, log, rows } = this.#options
    const shards = terms.map(({ shard }) => shard)
    for (const shard of shards) this.#leaving.add(shard)
    try {
      await holder.finish(terms)
      for (const term of terms) term.end()
      await rows.release(this.#lease.instanceId, shards)
      for (const shard of shards) this.#terms.delete(shard)
      log.info({ shards }, 'shards of groups were given to another control plane')
    } catch (err) {
      log.warn({ err }, 'shards of groups could not be given away; all are taken anew')
      this.restart()
    } finally {
      for (const shard of shards) this.#leaving.delete(shard)
    }
  }

  #loseAll(): void {
    this.#lose([...this.#terms.values()])
    this.#lease.validUntilMs = Number.NEGATIVE_INFINITY
  }

  #lose(terms: readonly ShardTerm[]): void {
    if (terms.length === 0) return
    for (const term of terms) {
      term.end()
      this.#terms.delete(term.shard)
    }
    this.#options.holder.lose(terms)
    const shards = terms.map(({ shard }) => shard)
    this.#options.log.warn({ shards }, 'the lease on shards of groups was lost')
  }
}

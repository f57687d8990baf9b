import { groupShard } from '@courant/group'
import { type Clock, type Random, wait } from '@courant/kernel'
import type { Logger } from '@courant/service-kit'
import type { ShardHolder } from '../leases/shard-leases.ts'
import { notCoordinator, type ShardTerm } from '../leases/shard-term.ts'
import type { GroupRows } from '../rows/group-rows.ts'
import { CoordinatedGroup } from './coordinated-group.ts'
import type { GroupSurroundings } from './group-surroundings.ts'
import { GroupWriter } from './group-writer.ts'
import { MemberWatches } from './member-watches.ts'
import { type CatalogFeed, TopicCatalog } from './topic-catalog.ts'

export interface GroupCoordinatorOptions {
  readonly rows: GroupRows
  readonly feed: CatalogFeed
  readonly clock: Clock
  readonly random: Random
  readonly log: Logger
  /** The feed was read anew: the database may be another. */
  readonly onRestart: () => void
}

interface HeldShard {
  readonly term: ShardTerm
  /** By tenant and name. */
  readonly groups: Map<string, CoordinatedGroup>
  /** Resolves when its groups with members are in memory. */
  ready: Promise<void>
  isClosing: boolean
}

/** How often sessions are looked at: members expire so much late at most. */
const TICK_MS = 500
const RELOAD_MS = 500
/** Shards whose groups are read together. */
const SHARDS_PER_READING = 8

/** The groups of the shards that this control plane has. */
export class GroupCoordinator implements ShardHolder {
  readonly watches: MemberWatches
  readonly catalog: TopicCatalog
  readonly #options: GroupCoordinatorOptions
  readonly #around: GroupSurroundings
  readonly #shards = new Map<number, HeldShard>()
  readonly #stopping = new AbortController()
  #running: Promise<unknown> = Promise.resolve()

  constructor(options: GroupCoordinatorOptions) {
    const { rows, feed, clock, random, onRestart } = options
    this.#options = options
    this.watches = new MemberWatches(clock)
    this.catalog = new TopicCatalog(feed, {
      changed: (tenantIds) => this.#refreshTopics(tenantIds),
      restarted: onRestart,
    })
    this.#around = {
      rows,
      catalog: this.catalog,
      writer: new GroupWriter(rows),
      random,
      now: () => ({ wallMs: clock.now(), monotonicMs: clock.monotonicMs() }),
      tell: (of, events) => this.watches.tell(of, events),
    }
  }

  /** How many are in memory. */
  get groupCount(): number {
    return [...this.#shards.values()].reduce((sum, { groups }) => sum + groups.size, 0)
  }

  start(): void {
    const { signal } = this.#stopping
    this.#running = Promise.all([this.catalog.run(signal), this.#tick(signal)])
  }

  async stop(): Promise<void> {
    this.#stopping.abort()
    this.watches.stop()
    await this.#running
  }

  /** Throws NOT_COORDINATOR. */
  async groupOf(tenantId: string, name: string): Promise<CoordinatedGroup> {
    const shard = this.#shards.get(groupShard(tenantId, name))
    if (shard === undefined || shard.isClosing) throw notCoordinator()
    await shard.ready
    if (!shard.term.isHeld || shard.isClosing) throw notCoordinator()
    return this.#groupIn(shard, tenantId, name)
  }

  /** Those that it answers for now. */
  get heldTerms(): ShardTerm[] {
    const open = [...this.#shards.values()].filter(({ isClosing }) => !isClosing)
    return open.map(({ term }) => term).filter(({ isHeld }) => isHeld)
  }

  take(terms: readonly ShardTerm[]): void {
    const shards = terms.map((term) => {
      const shard: HeldShard = {
        term,
        groups: new Map(),
        ready: Promise.resolve(),
        isClosing: false,
      }
      this.#shards.set(term.shard, shard)
      return shard
    })
    for (let from = 0; from < shards.length; from += SHARDS_PER_READING) {
      const some = shards.slice(from, from + SHARDS_PER_READING)
      const ready = this.#loadMembers(some)
      for (const shard of some) shard.ready = ready
    }
  }

  lose(terms: readonly ShardTerm[]): void {
    for (const term of terms) {
      if (this.#shards.get(term.shard)?.term === term) this.#shards.delete(term.shard)
    }
  }

  async finish(terms: readonly ShardTerm[]): Promise<void> {
    const shards = terms.flatMap((term) => {
      const shard = this.#shards.get(term.shard)
      return shard?.term === term ? [shard] : []
    })
    for (const shard of shards) shard.isClosing = true
    await Promise.all(
      shards.flatMap(({ groups }) => [...groups.values()].map((each) => each.idle())),
    )
    this.lose(terms)
  }

  #groupIn({ term, groups }: HeldShard, tenantId: string, name: string): CoordinatedGroup {
    const key = `${tenantId}/${name}`
    const known = groups.get(key)
    if (known !== undefined) return known
    const group = new CoordinatedGroup({ tenantId, name, term }, this.#around)
    groups.set(key, group)
    return group
  }

  /** Until it has worked, or another has the shards. */
  async #loadMembers(shards: readonly HeldShard[]): Promise<void> {
    const { rows, clock, log } = this.#options
    const ids = shards.map(({ term }) => term.shard)
    while (shards.some(({ term }) => term.isHeld)) {
      try {
        const { groups, metadataVersion } = await rows.readGroupsWithMembers(ids)
        await this.catalog.atLeast(metadataVersion)
        for (const read of groups) {
          const { tenantId, name } = read.stored.group
          const shard = shards.find(({ term }) => term.shard === groupShard(tenantId, name))
          if (shard?.term.isHeld) this.#groupIn(shard, tenantId, name).adopt(read)
        }
        return
      } catch (err) {
        log.warn({ err, shards: ids }, 'the groups of some shards could not be read')
        await wait(clock, RELOAD_MS, this.#stopping.signal)
        if (this.#stopping.signal.aborted) return
      }
    }
  }

  #refreshTopics(tenantIds: ReadonlySet<string>): void {
    for (const { groups } of this.#shards.values()) {
      for (const group of groups.values()) {
        if (tenantIds.has(group.tenantId)) group.refreshTopics()
      }
    }
  }

  /** One timer for all members of all groups. */
  async #tick(signal: AbortSignal): Promise<void> {
    const { clock } = this.#options
    while (!signal.aborted) {
      await wait(clock, TICK_MS, signal)
      const now = this.#around.now()
      for (const { groups, isClosing, term } of this.#shards.values()) {
        if (isClosing || !term.isHeld) continue
        for (const [key, group] of groups) if (!group.tick(now)) groups.delete(key)
      }
      this.watches.tick()
    }
  }
}

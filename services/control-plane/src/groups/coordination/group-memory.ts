import { Group, type GroupPorts } from '@courant/group'
import { BusError, limits } from '@courant/kernel'
import { tenantNotFound } from '../../tenants/tenant-id.ts'
import type { ShardTerm } from '../leases/shard-term.ts'
import type { ReadGroup } from '../rows/read-groups.ts'
import { CommittedOffsets } from './committed-offsets.ts'
import type { GroupSurroundings } from './group-surroundings.ts'

/** A group as memory has it: what its rows say, and the sessions. */
export interface Loaded {
  readonly group: Group
  readonly offsets: CommittedOffsets
}

export interface GroupId {
  readonly tenantId: string
  readonly name: string
  /** Whose polls it numbers. */
  readonly term: ShardTerm
}

/** What is known of one group: nothing, that there is none, or the group. */
export class GroupMemory {
  readonly #id: GroupId
  readonly #around: GroupSurroundings
  #known: { readonly loaded: Loaded | null } | null = null
  #isSettled = false
  /** As of when the group was looked for and not found. */
  #groupsOfTenant = 0

  constructor(id: GroupId, around: GroupSurroundings) {
    this.#id = id
    this.#around = around
  }

  /** Null: nothing is known. */
  get known(): { readonly loaded: Loaded | null } | null {
    return this.#known
  }

  /** Whether rows and memory say the same: not when topics changed while nobody coordinated it. */
  get isSettled(): boolean {
    return this.#isSettled
  }

  /** Throws TENANT_NOT_FOUND. */
  async load(): Promise<Loaded | null> {
    const { tenantId, name } = this.#id
    const reading = await this.#around.rows.readGroup(tenantId, name)
    if (!reading.tenantExists) throw tenantNotFound()
    await this.#around.catalog.atLeast(reading.metadataVersion)
    this.#groupsOfTenant = reading.groupsOfTenant
    const [read] = reading.groups
    if (read !== undefined) return this.remember(read)
    this.#known = { loaded: null }
    this.#isSettled = true
    return null
  }

  /** Every session of its members starts whole. */
  remember({ stored, offsets }: ReadGroup): Loaded {
    const loaded = { group: Group.load(stored, this.#ports()), offsets }
    this.#known = { loaded }
    this.#isSettled = false
    return loaded
  }

  /** A new group, not to be known before it is written. Throws INVALID_ARGUMENT for too many. */
  make(): Loaded {
    const max = limits.groupsPerTenantMax
    // Those that are made side by side may go beyond it by their number: it has to end a loop.
    if (this.#groupsOfTenant >= max) {
      throw new BusError('INVALID_ARGUMENT', `A tenant has at most ${max} groups. Delete some.`)
    }
    const { tenantId, name } = this.#id
    const id = { tenantId, name, groupId: this.#around.random.uuid() }
    return {
      group: Group.create(id, 'uniform', this.#ports()),
      offsets: new CommittedOffsets([]),
    }
  }

  /** Its rows say what it says. */
  settled(loaded: Loaded): void {
    this.#known = { loaded }
    this.#isSettled = true
  }

  forget(): void {
    this.#known = null
    this.#isSettled = false
  }

  #ports(): GroupPorts {
    return {
      topics: this.#around.catalog.topicsOf(this.#id.tenantId),
      pollNumbers: this.#id.term.pollNumbers,
      now: this.#around.now(),
    }
  }
}

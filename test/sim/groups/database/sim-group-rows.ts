import {
  type CommitItem,
  CommittedOffsets,
  type GroupItem,
  type GroupRows,
  type ShardTerm,
} from '@courant/control-plane/groups'
import { BusError } from '@courant/kernel'
import type { SimProcess } from '../../src/machine/sim-process.ts'
import { type GroupTable, keyOf } from './group-tables.ts'
import { NO_LOCKS, type SimDatabase } from './sim-database.ts'

/** Told within a transaction, of what it does to offsets. */
export interface OffsetWatch {
  raised(table: GroupTable, key: string, offset: number, metadata: string): void
}

/** As `read-groups.ts`, `write-groups.ts` and `write-offsets.ts` have it in SQL. */
export class SimGroupRows implements GroupRows {
  readonly #database: SimDatabase
  readonly #process: SimProcess
  readonly #watch: OffsetWatch
  readonly #version: () => number

  constructor(
    database: SimDatabase,
    process: SimProcess,
    watch: OffsetWatch,
    version: () => number,
  ) {
    this.#database = database
    this.#process = process
    this.#watch = watch
    this.#version = version
  }

  readGroup(tenantId: string, name: string) {
    return this.#database.run(this.#process, NO_LOCKS, () => {
      const table = this.#database.tables.groupNamed(tenantId, name)
      const groups = table === null ? [] : [readGroupOf(table)]
      return { groups, metadataVersion: this.#version(), tenantExists: true, groupsOfTenant: 1 }
    })
  }

  readGroupsWithMembers(shards: readonly number[]) {
    return this.#database.run(this.#process, NO_LOCKS, () => {
      const living = [...this.#database.tables.groups.values()].filter(
        ({ shard, group }) => shards.includes(shard) && group.emptySinceMs === null,
      )
      return { groups: living.map(readGroupOf), metadataVersion: this.#version() }
    })
  }

  writeGroups(items: readonly GroupItem[]): Promise<ReadonlySet<ShardTerm>> {
    return this.#write(items, items.flatMap(rowsOf), (item) => {
      const { groups } = this.#database.tables
      const { changes, groupId, shard } = item
      const known = groups.get(groupId)
      if (known === undefined && changes.group === null) throw new Error('a group has no row')
      const { tables } = this.#database
      // The name is unique within the tenant.
      if (known === undefined && tables.groupNamed(item.tenantId, changes.group?.name ?? '')) {
        throw new BusError('INTERNAL', 'A group of that name has been made meanwhile.')
      }
      const table = known ?? newTable(item)
      if (changes.group !== null) table.group = changes.group
      for (const memberId of changes.membersRemoved) table.members.delete(memberId)
      for (const row of changes.members) table.members.set(row.memberId, row)
      for (const row of changes.partitionsRemoved) table.partitions.delete(keyOf(row))
      for (const row of changes.partitions) table.partitions.set(keyOf(row), row)
      groups.set(groupId, table)
      if (table.shard !== shard) throw new Error('a group changes its shard')
    })
  }

  raiseOffsets(items: readonly CommitItem[]): Promise<ReadonlySet<ShardTerm>> {
    const locked = items.flatMap(({ rows }) =>
      rows.map((row) => offsetLock(row.groupId, keyOf(row))),
    )
    return this.#write(items, locked, ({ rows }) => {
      for (const row of rows) {
        const table = this.#database.tables.groups.get(row.groupId)
        if (table === undefined) throw new Error('a commit has no group')
        const known = table.offsets.get(keyOf(row))
        if (known !== undefined && known.offset >= row.offset) continue
        this.#watch.raised(table, keyOf(row), row.offset, row.metadata)
        table.offsets.set(keyOf(row), row)
      }
    })
  }

  #write<Item extends { readonly term: ShardTerm }>(
    items: readonly Item[],
    rows: readonly string[],
    write: (item: Item) => void,
  ): Promise<ReadonlySet<ShardTerm>> {
    const shards = [...new Set(items.map(({ term }) => term.shard))]
    return this.#database.run(this.#process, { rows, shards }, () => {
      const terms = items.map(({ term }) => term)
      const held = new Set(terms.filter((term) => this.#database.tables.isHeld(term)))
      for (const item of items) if (held.has(item.term)) write(item)
      return held
    })
  }
}

export function offsetLock(groupId: string, key: string): string {
  return `${groupId}/offset/${key}`
}

function newTable({ changes, shard }: GroupItem): GroupTable {
  if (changes.group === null) throw new Error('a group has no row')
  const maps = { members: new Map(), partitions: new Map(), offsets: new Map() }
  return { group: changes.group, shard, ...maps }
}

function readGroupOf({ group, members, partitions, offsets }: GroupTable) {
  const stored = { group, members: [...members.values()], partitions: [...partitions.values()] }
  return { stored, offsets: new CommittedOffsets(offsets.values()) }
}

function rowsOf({ groupId, tenantId, changes }: GroupItem): string[] {
  const partitions = [...changes.partitions, ...changes.partitionsRemoved]
  const members = [...changes.membersRemoved, ...changes.members.map(({ memberId }) => memberId)]
  return [
    ...(changes.group === null ? [] : [groupId, `${tenantId}/${changes.group.name}`]),
    ...members.map((memberId) => `${groupId}/member/${memberId}`),
    ...partitions.map((row) => `${groupId}/partition/${keyOf(row)}`),
  ]
}

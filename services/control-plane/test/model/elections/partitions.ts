/** Partitions as transactions find, order and write them. */
import type { Change } from '../../../src/database/record-changes.ts'
import type { LockedBrokers } from '../../../src/elections/broker-states.ts'
import { type PartitionName, partitionKey } from '../../../src/partitions/partition-key.ts'
import type { PartitionRow } from '../../../src/schema/partition.ts'
import type { Transaction } from '../database/transaction.ts'

/** In the order of their ids. All of them without `ids`. */
export function brokersOf({ state }: Transaction, ids?: readonly number[]): LockedBrokers {
  const rows = [...state.brokers.values()]
    .filter(({ brokerId }) => ids === undefined || ids.includes(brokerId))
    .sort((a, b) => a.brokerId - b.brokerId)
  return new Map(rows.map((row) => [row.brokerId, row]))
}

/** Those of a WHERE clause, in the order in which everybody locks them. */
export function partitionsWhere(
  { state }: Transaction,
  isMeant: (row: PartitionRow) => boolean,
  limit = Number.POSITIVE_INFINITY,
): PartitionRow[] {
  const rows = [...state.partitions.values()].filter(isMeant).sort(comparePartitions)
  return rows.length > limit ? rows.slice(0, limit) : rows
}

export function comparePartitions(a: PartitionName, b: PartitionName): number {
  if (a.topicId === b.topicId) return a.partition - b.partition
  return a.topicId < b.topicId ? -1 : 1
}

export function namedPartitions(
  { state }: Transaction,
  names: readonly PartitionName[],
): Map<string, PartitionRow> {
  const rows = names.flatMap((name) => state.partitions.get(partitionKey(name)) ?? [])
  return new Map(rows.map((row) => [partitionKey(row), row]))
}

/** Returns what to record. */
export function writePartitions({ state }: Transaction, rows: readonly PartitionRow[]): Change[] {
  return rows.map((row) => {
    const key = partitionKey(row)
    state.partitions.set(key, row)
    return { kind: 'partition', key }
  })
}

export function overlaps(
  a: readonly number[],
  b: readonly number[] | ReadonlySet<number>,
): boolean {
  const members = new Set(b)
  return a.some((member) => members.has(member))
}

export function isWithin(
  a: readonly number[],
  b: readonly number[] | ReadonlySet<number>,
): boolean {
  const members = new Set(b)
  return a.every((member) => members.has(member))
}

/**
 * What becomes of a partition when the database begins anew on the ground of an old backup (B1.2).
 * Pure. What the backup says of in-sync replicas and leaders may be long over; the logs are right.
 */
import { RestoreFindingKind } from '@courant/api/internal/v1/cluster'
import type { PartitionRow } from '../schema/partition.ts'
import type { HeardLogs } from './heard-logs.ts'
import { byCompleteness, mostComplete } from './most-complete.ts'

/** More terms, and changes in one, than can have been that nobody tells of. 2 147 restores. */
const EPOCH_GAP = 1_000_000

export interface PartitionPlan {
  readonly after: PartitionRow
  /** Some log is ahead of the database. */
  readonly isBehind: boolean
  /** Null: nothing worth a word. */
  readonly finding: RestoreFindingKind | null
}

export function planPartition(row: PartitionRow, heard: HeardLogs): PartitionPlan {
  const newest = heard.newestEpoch(row)
  const isBehind = newest > row.leaderEpoch
  const next = {
    ...row,
    leader: null,
    inSyncReplicas: [],
    eligibleReplicas: [],
    lastKnownEligibleReplicas: [],
    leaderEpoch: Math.max(row.leaderEpoch, newest) + EPOCH_GAP,
    partitionEpoch: row.partitionEpoch + EPOCH_GAP,
  }
  if (!isDecidable(row, heard)) {
    const after = { ...next, lastKnownEligibleReplicas: row.replicas }
    const finding = RestoreFindingKind.RESTORE_FINDING_KIND_WITHOUT_LEADER
    return { after, isBehind, finding }
  }
  const best = mostComplete(inOrderOf(row, heard))
  if (best === null) {
    const finding = RestoreFindingKind.RESTORE_FINDING_KIND_EMPTY
    return { after: begunEmpty(next, heard), isBehind, finding }
  }
  const led = ledBy(next, best.brokerId, heard)
  if (row.replicas.includes(best.brokerId)) return { after: led, isBehind, finding: null }
  const replicas = holdersFirst(row, heard, best.brokerId)
  const after = { ...led, replicas, targetReplicas: [], addingReplicas: [] }
  return { after, isBehind, finding: RestoreFindingKind.RESTORE_FINDING_KIND_MOVED }
}

/**
 * Every set of replicas that can have acknowledged a record has a member among those that were
 * heard: then the most complete of their logs has all of them. Where the partition has moved since,
 * any broker may be one of its replicas.
 */
function isDecidable(row: PartitionRow, heard: HeardLogs): boolean {
  if (heard.isComplete(row)) return true
  const among = heard.hasMoved(row, row.replicas) ? 'all' : row.replicas
  return heard.unheard(row, among).length < row.effectiveMinIsr
}

/** Of equal logs, the preferred leader's first. */
function inOrderOf({ replicas, ...row }: PartitionRow, heard: HeardLogs) {
  const place = (brokerId: number): number => {
    const index = replicas.indexOf(brokerId)
    return index === -1 ? replicas.length : index
  }
  return heard.sound(row).toSorted((one, other) => place(one.brokerId) - place(other.brokerId))
}

/** The others prove again that they have everything. A leader that does not serve yet can later. */
function ledBy(row: PartitionRow, brokerId: number, heard: HeardLogs): PartitionRow {
  if (!heard.isServing(brokerId)) return { ...row, eligibleReplicas: [brokerId] }
  return { ...row, leader: brokerId, inSyncReplicas: [brokerId] }
}

function begunEmpty(row: PartitionRow, heard: HeardLogs): PartitionRow {
  const serving = row.replicas.filter((brokerId) => heard.isServing(brokerId))
  return { ...row, leader: serving[0] ?? null, inSyncReplicas: serving }
}

/** As many as there were: who leads, who else has a log, and who had. */
function holdersFirst(row: PartitionRow, heard: HeardLogs, leader: number): number[] {
  const holders = byCompleteness(heard.sound(row)).map(({ brokerId }) => brokerId)
  return [...new Set([leader, ...holders, ...row.replicas])].slice(0, row.replicas.length)
}

/** Faults in going on with an old backup of the database. */
import type { Mutation } from './mutation.ts'

const RESTORE = 'test/restore.test.ts'
const PLAN = 'src/restore/plan-partition.test.ts'

export const restoreMutations: readonly Mutation[] = [
  {
    name: 'restore: let the longest log lead, whatever its epoch (KIP-966)',
    file: 'src/restore/most-complete.ts',
    find: 'other.lastEpoch - one.lastEpoch || other.logEndOffset - one.logEndOffset',
    replace: 'other.logEndOffset - one.logEndOffset',
    test: [PLAN, 'lacks an acknowledged record'],
  },
  {
    name: 'restore: believe a majority where as many may have acknowledged without it',
    file: 'src/restore/plan-partition.ts',
    find: 'heard.unheard(row, among).length < row.effectiveMinIsr',
    replace: 'heard.unheard(row, among).length < 2',
    test: [PLAN, 'lacks an acknowledged record'],
  },
  {
    name: 'restore: believe that a partition has not moved since the backup',
    file: 'src/restore/plan-partition.ts',
    find: "heard.hasMoved(row, row.replicas) ? 'all' : row.replicas",
    replace: 'row.replicas',
    test: [PLAN, 'lacks an acknowledged record'],
  },
  {
    name: 'restore: go on with the epochs of the backup',
    file: 'src/restore/plan-partition.ts',
    find: 'Math.max(row.leaderEpoch, newest) + EPOCH_GAP',
    replace: 'row.leaderEpoch + 1',
    test: [RESTORE, 'in an epoch of its own'],
  },
  {
    name: 'restore: leave the ids of signing keys where the backup has them',
    file: 'src/restore/begin-incarnation.ts',
    find: 'VERSION_GAP}::bigint)`',
    replace: '0}::bigint)`',
    test: [RESTORE, 'no new signing key'],
  },
]

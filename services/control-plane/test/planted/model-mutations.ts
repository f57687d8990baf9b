/** Faults in the model of the database that the simulation runs on. */
import type { Mutation } from './mutation.ts'

const MODEL = 'services/control-plane/test/model'
const EQUIVALENCE = ['test/model-equivalence.test.ts', 'those of the real'] as const

export const modelMutations: readonly Mutation[] = [
  {
    name: 'model: forget who goes below the minimum',
    file: `${MODEL}/elections/run-elections.ts`,
    find: 'settleAll(rows, states)',
    replace: 'settleAll(rows, states).map((row) => ({ ...row, eligibleReplicas: [] }))',
    test: EQUIVALENCE,
  },
  {
    name: 'model: leave the partition epoch as it is',
    file: `${MODEL}/elections/run-elections.ts`,
    find: 'settleAll(rows, states)',
    replace: `settleAll(rows, states).map((row) => ({
      ...row, partitionEpoch: row.partitionEpoch - 1 }))`,
    test: EQUIVALENCE,
  },
  {
    name: 'model: take fenced brokers in',
    file: `${MODEL}/elections/alter-partitions.ts`,
    find: 'applyChange(change, brokerId, rows, brokers)',
    replace: `applyChange(change, brokerId, rows, new Map(
      [...brokers].map(([id, row]) => [id, { ...row, state: 'active' as const }])))`,
    test: EQUIVALENCE,
  },
  {
    name: 'model: elect from those in sync only',
    file: `${MODEL}/elections/run-elections.ts`,
    find: '[...inSyncReplicas, ...eligibleReplicas]',
    replace: 'inSyncReplicas',
    test: EQUIVALENCE,
  },
  {
    name: 'model: fence whose session goes on',
    file: `${MODEL}/brokers/fence-broker.ts`,
    find: '    if (sessionOf(within, brokerId)?.hasExpired === false) return false\n',
    replace: '',
    test: EQUIVALENCE,
  },
  {
    name: 'model: leave half of a failed transaction behind',
    file: `${MODEL}/database/transaction.ts`,
    find: 'table.rollBack()',
    replace: 'table.commit()',
    test: EQUIVALENCE,
  },
  {
    name: 'model: show a tenant the topics of another',
    file: `${MODEL}/topics/tenant-topics.ts`,
    find: '.filter((row) => row.tenantId === tenantId)',
    replace: '.filter(() => tenantId !== null)',
    test: EQUIVALENCE,
  },
]

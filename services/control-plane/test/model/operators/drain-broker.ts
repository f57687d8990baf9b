import { brokerNotFound } from '../../../src/brokers/broker-not-found.ts'
import { checkRoom, MOVING_MAX, moveBack, moveOff } from '../../../src/drains/empty-broker.ts'
import { recipientsOf, statesOf } from '../../../src/elections/broker-states.ts'
import type { ModelCluster } from '../database/model-cluster.ts'
import {
  currentVersion,
  type Transaction,
  transaction,
  type Work,
} from '../database/transaction.ts'
import {
  brokersOf,
  isWithin,
  overlaps,
  partitionsWhere,
  writePartitions,
} from '../elections/partitions.ts'

interface Versioned {
  readonly metadataVersion: number
}

export function* drainBroker(
  cluster: ModelCluster,
  { brokerId }: { readonly brokerId: number },
): Work<Versioned> {
  yield* transaction((within) => {
    setEmptying(within, brokerId, true)
    checkRoom(brokersOf(within), brokerId, replicasNeeded(within, brokerId))
  }, 'repeat')
  yield* continueDrains(cluster)
  return yield* transaction((within) => ({ metadataVersion: currentVersion(within) }))
}

export function undrainBroker(
  cluster: ModelCluster,
  { brokerId }: { readonly brokerId: number },
): Work<Versioned> {
  return transaction((within) => {
    setEmptying(within, brokerId, false)
    const rows = partitionsWhere(
      within,
      ({ replicas, targetReplicas }) =>
        replicas.includes(brokerId) &&
        targetReplicas.length > 0 &&
        !targetReplicas.includes(brokerId),
    )
    const changes = writePartitions(within, moveBack(rows, statesOf(brokersOf(within))))
    const metadataVersion =
      changes.length > 0 ? cluster.record(within, changes) : currentVersion(within)
    return { metadataVersion }
  }, 'repeat')
}

/** Returns how many partitions begin to move. */
export function continueDrains(cluster: ModelCluster): Work<number> {
  return transaction((within) => moveSome(cluster, within), 'repeat')
}

function moveSome(cluster: ModelCluster, within: Transaction): number {
  const brokers = brokersOf(within)
  const leaving = [...brokers.values()].filter(({ isEmptying }) => isEmptying)
  if (leaving.length === 0) return 0
  const moving = partitionsWhere(within, ({ targetReplicas }) => targetReplicas.length > 0).length
  if (moving >= MOVING_MAX) return 0
  const from = leaving.map(({ brokerId }) => brokerId)
  const to = [...recipientsOf(brokers)]
  const rows = partitionsWhere(
    within,
    ({ replicas, targetReplicas, leader }) =>
      overlaps(replicas, from) &&
      !isWithin(to, replicas) &&
      targetReplicas.length === 0 &&
      leader !== null,
    MOVING_MAX - moving,
  )
  const load = loadOf(within)
  const changes = writePartitions(
    within,
    rows.map((row) => moveOff(row, brokers, load)),
  )
  if (changes.length > 0) cluster.record(within, changes)
  return changes.length
}

function setEmptying({ state }: Transaction, brokerId: number, isEmptying: boolean): void {
  const row = state.brokers.get(brokerId)
  if (row === undefined) throw brokerNotFound()
  state.brokers.set(brokerId, { ...row, isEmptying })
}

/** Of the largest of its partitions. */
function replicasNeeded(within: Transaction, brokerId: number): number {
  return partitionsWhere(within, ({ replicas }) => replicas.includes(brokerId))
    .map(({ replicas, targetReplicas }) => targetReplicas.length || replicas.length)
    .reduce((most, size) => Math.max(most, size), 0)
}

function loadOf({ state }: Transaction): Map<number, number> {
  const load = new Map<number, number>()
  for (const { replicas } of state.partitions.values()) {
    for (const brokerId of replicas) load.set(brokerId, (load.get(brokerId) ?? 0) + 1)
  }
  return load
}

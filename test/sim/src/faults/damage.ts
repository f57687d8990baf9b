import type { BrokerNode } from '../cluster/broker-node.ts'
import type { FaultContext } from './fault.ts'

const busy = new WeakSet<FaultContext['cluster']>()

/**
 * Does damage to one broker's disk, if as many replicas as the minima need have everything besides,
 * or if nobody counts on this one: whatever it had may be in an answer that comes late.
 * The next damage may be done only once this one has been noticed: the broker has registered anew,
 * and whether it is in sync is known.
 */
export async function damageOne(
  { cluster, topics, wait }: FaultContext,
  node: BrokerNode,
  damage: () => Promise<void>,
): Promise<void> {
  if (busy.has(cluster)) return
  if (topics.plans().some(({ minInsyncReplicas }) => minInsyncReplicas < 2)) return
  busy.add(cluster)
  for (let step = 0; step < STEPS_MAX && !mayLose(cluster, node); step += 1) {
    if (!(await wait(STEP_MS))) break
  }
  if (mayLose(cluster, node)) await damage()
  while (node.broker === null && (await wait(STEP_MS)));
  busy.delete(cluster)
}

const STEP_MS = 100
/** So long it waits for a moment in which the damage is tolerable. */
const STEPS_MAX = 100

function mayLose(cluster: FaultContext['cluster'], { id }: BrokerNode): boolean {
  const isOutside = [...cluster.state.partitions.values()].every(
    ({ inSyncReplicas, eligibleReplicas }) =>
      !inSyncReplicas.includes(id) && !eligibleReplicas.includes(id),
  )
  return isOutside || isWhole(cluster)
}

function isWhole(cluster: FaultContext['cluster']): boolean {
  const isInSync = [...cluster.state.partitions.values()].every(
    ({ inSyncReplicas, replicas }) => inSyncReplicas.length === replicas.length,
  )
  return isInSync && cluster.brokers.every(({ broker }) => broker !== null)
}

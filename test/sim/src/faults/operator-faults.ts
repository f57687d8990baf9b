/** What operators do, each through a control plane and with whatever is wrong with that. */
import {
  alterTopic,
  cancelReassignments,
  drainBroker,
  preferAllLeaders,
  reassignPartitions,
  removeBroker,
  undrainBroker,
} from '@courant/control-plane/model'
import { duration, type Fault, type FaultContext, pickFrom } from './fault.ts'

/** The topic's minimum is lowered and raised again. */
export const flipMinimum: Fault = async (context) => {
  const { topics, random, note, wait } = context
  const topic = topics.pick(random)
  if (topic === null || topic.minInsyncReplicas === 1) return
  note(`the minimum of ${topic.name} is 1 for a while`)
  await setMinimum(context, topic.name, 1)
  await wait(duration(random, 100, 10_000))
  await setMinimum(context, topic.name, topic.minInsyncReplicas)
}

async function setMinimum({ cluster }: FaultContext, name: string, count: number): Promise<void> {
  const { operator, tenantId } = cluster
  const set = { 'min.insync.replicas': String(count) }
  await operator.ask((controller) =>
    alterTopic(controller.cluster, { tenantId, name, set, reset: [] }),
  )
}

export const preferLeadersNow: Fault = async ({ cluster, note }) => {
  note('preferred leaders are elected')
  await cluster.operator.ask((controller) => preferAllLeaders(controller.cluster, { topicId: '' }))
}

/** A partition gets other replicas, or the same in another order; some moves are cancelled. */
export const reassign: Fault = async ({ cluster, topics, random, note, wait }) => {
  const topic = topics.pick(random)
  if (topic === null) return
  const partition = random.below(topic.partitionCount)
  const ids = cluster.brokers.map(({ id }) => id)
  const replicas: number[] = []
  while (replicas.length < 3) {
    const id = pickFrom(random, ids)
    if (!replicas.includes(id)) replicas.push(id)
  }
  note(`${topic.name}/${partition} goes to ${replicas.join(', ')}`)
  const { topicId } = topic
  const request = { reassignments: [{ topicId, partition, replicas }] }
  await cluster.operator.ask((controller) => reassignPartitions(controller.cluster, request))
  if (random.below(4) > 0) return
  await wait(duration(random, 10, 2_000))
  note(`the move of ${topic.name}/${partition} is cancelled`)
  const move = { partitions: [{ topicId, partition }] }
  await cluster.operator.ask((controller) => cancelReassignments(controller.cluster, move))
}

/** With one broker more than replicas a drain can end. */
export const drain: Fault = async ({ cluster, random, note, wait }) => {
  const request = { brokerId: pickFrom(random, cluster.brokers).id }
  note(`broker ${request.brokerId} is drained for a while`)
  await cluster.operator.ask((controller) => drainBroker(controller.cluster, request))
  await wait(duration(random, 1_000, 20_000))
  await cluster.operator.ask((controller) => undrainBroker(controller.cluster, request))
}

/** A broker is drained, stopped and removed, and comes back under its number with nothing. */
export const replaceBroker: Fault = async ({ cluster, random, note, wait }) => {
  const node = pickFrom(random, cluster.brokers)
  const request = { brokerId: node.id }
  note(`broker ${node.id} is drained, to be removed`)
  await cluster.operator.ask((controller) => drainBroker(controller.cluster, request))
  const isEmpty = (): boolean =>
    [...cluster.state.partitions.values()].every(({ replicas }) => !replicas.includes(node.id))
  while (!isEmpty() && (await wait(STEP_MS)));
  if (isEmpty() && !node.isDown) {
    node.crash('killed')
    await remove(cluster, request, wait)
    // Whether it was removed or not: nothing was on it that anybody counts on.
    if (isEmpty()) node.loseDisk()
    note(`broker ${node.id} comes back with nothing`)
    node.start()
  }
  await cluster.operator.ask((controller) => undrainBroker(controller.cluster, request))
}

/** Refused until its session is over. */
async function remove(
  { operator }: FaultContext['cluster'],
  request: { readonly brokerId: number },
  wait: FaultContext['wait'],
): Promise<void> {
  while (true) {
    const answer = await operator.ask((controller) => removeBroker(controller.cluster, request))
    if (answer.kind === 'done' || answer.error.code !== 'BROKER_IN_USE') return
    if (!(await wait(STEP_MS))) return
  }
}

const STEP_MS = 500

/** A topic is deleted, and created again under its name. */
export const recreateTopic: Fault = async ({ topics, random, note, wait }) => {
  const topic = topics.pick(random)
  if (topic === null) return
  note(`${topic.name} is deleted`)
  await topics.delete(topic)
  await wait(duration(random, 10, 5_000))
  note(`${topic.name} is created again`)
  await topics.createAgain(topic)
}

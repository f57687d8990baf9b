import {
  drainBroker,
  preferAllLeaders,
  reassignPartitions,
  undrainBroker,
} from '@courant/control-plane/model'
import { BusError } from '@courant/kernel'
import { duration, type Fault, pickFrom } from './fault.ts'

/** The topic's minimum is lowered and raised again. */
export const flipMinimum: Fault = async ({ cluster, topics, random, note, wait }) => {
  const topic = topics.pick(random)
  if (topic === null || topic.minInsyncReplicas === 1) return
  note(`the minimum of ${topic.name} is 1 for a while`)
  attempt(() => cluster.setMinInsyncReplicas(topic.name, 1))
  await wait(duration(random, 100, 10_000))
  attempt(() => cluster.setMinInsyncReplicas(topic.name, topic.minInsyncReplicas))
}

export const preferLeadersNow: Fault = async ({ cluster, note }) => {
  note('preferred leaders are elected')
  attempt(() => cluster.database.atOnce(preferAllLeaders(cluster.model, { topicId: '' })))
}

/** A partition gets other replicas, or the same in another order. */
export const reassign: Fault = async ({ cluster, topics, random, note }) => {
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
  attempt(() => cluster.database.atOnce(reassignPartitions(cluster.model, request)))
}

/** With one broker more than replicas a drain can end. */
export const drain: Fault = async ({ cluster, random, note, wait }) => {
  const { id } = pickFrom(random, cluster.brokers)
  note(`broker ${id} is drained for a while`)
  attempt(() => cluster.database.atOnce(drainBroker(cluster.model, { brokerId: id })))
  await wait(duration(random, 1_000, 20_000))
  attempt(() => cluster.database.atOnce(undrainBroker(cluster.model, { brokerId: id })))
}

/** A topic is deleted, and created again under its name. */
export const recreateTopic: Fault = async ({ topics, random, note, wait }) => {
  const topic = topics.pick(random)
  if (topic === null) return
  note(`${topic.name} is deleted`)
  attempt(() => topics.delete(topic))
  await wait(duration(random, 10, 5_000))
  note(`${topic.name} is created again`)
  attempt(() => topics.create(topic))
}

/** What the control plane refuses an operator changes nothing. */
function attempt(work: () => void): void {
  try {
    work()
  } catch (error) {
    if (!(error instanceof BusError)) throw error
  }
}

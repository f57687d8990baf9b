import {
  type BrokerConnection,
  errorFromKafka,
  fetchApi,
  NO_ERROR,
  type RequestInputOf,
} from '@courant/kafka-protocol'
import { BusError, limits } from '@courant/kernel'
import { ANSWER_TIMEOUT_MS, CONSUMER, type Fetched, ISOLATION } from './partition-fetcher.ts'
import type { PollTarget } from './poll-target.ts'

/**
 * One fetch for several partitions, which the broker answers as soon as one of them has something.
 * The answer has what was found and the errors of single partitions; those that have nothing yet
 * are not in it. Rejects with BusError when the request as a whole failed.
 */
export async function fetchTargets(
  connection: BrokerConnection,
  targets: readonly PollTarget[],
  waitMs: number,
): Promise<Map<PollTarget, Fetched | BusError>> {
  const timeoutMs = waitMs + ANSWER_TIMEOUT_MS
  const response = await connection.request(fetchApi, requestOf(targets, waitMs), timeoutMs)
  if (response.errorCode !== NO_ERROR) throw errorFromKafka(response.errorCode, null, 'read')
  const byPartition = new Map(
    targets.map((target) => [nameOf(target.position.topicId, target.position.partition), target]),
  )
  const found = new Map<PollTarget, Fetched | BusError>()
  for (const { topic, partitions } of response.topics) {
    for (const answer of partitions) {
      const target = byPartition.get(nameOf(topic, answer.partition))
      if (target === undefined) continue
      const { highWatermark, lastStableOffset, logStartOffset, records } = answer
      if (answer.errorCode !== NO_ERROR) {
        found.set(target, errorFromKafka(answer.errorCode, null, 'read'))
      } else if (records !== null && records.length > 0) {
        const ends = { highWatermark, lastStableOffset, logStartOffset }
        found.set(target, { records, ...ends, memory: 'shared' })
      }
    }
  }
  return found
}

function requestOf(
  targets: readonly PollTarget[],
  maxWaitMs: number,
): RequestInputOf<typeof fetchApi> {
  const byTopic = new Map<string, PollTarget[]>()
  for (const target of targets) {
    const { topicId } = target.position
    const known = byTopic.get(topicId)
    if (known === undefined) byTopic.set(topicId, [target])
    else known.push(target)
  }
  const [first] = targets
  if (first === undefined) throw new BusError('INTERNAL', 'A poll asks for something.')
  return {
    replicaId: CONSUMER,
    maxWaitMs,
    minBytes: 1,
    maxBytes: limits.fetchBytesMax,
    isolationLevel: ISOLATION[first.isolation],
    topics: [...byTopic].map(([topic, ofTopic]) => ({
      topic,
      partitions: ofTopic.map(({ position }) => ({
        partition: position.partition,
        fetchOffset: position.offset,
        partitionMaxBytes: limits.fetchBytesDefault,
      })),
    })),
  }
}

function nameOf(topic: string, partition: number): string {
  return `${topic}/${partition}`
}

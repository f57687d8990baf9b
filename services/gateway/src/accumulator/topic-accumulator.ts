import type { Random, TenantId, TopicConfig, TopicId } from '@courant/kernel'
import type { PartitionAccumulator } from './partition-accumulator.ts'

/** What the accumulator has to know of a topic; the metadata's topic has it. */
export interface TargetTopic {
  readonly topicId: TopicId
  readonly tenantId: TenantId
  readonly partitionCount: number
  readonly config: TopicConfig
}

/** After this many bytes, records without a key go to another partition (KIP-794). */
const STICKY_BYTES = 64 * 1024

/**
 * The partitions of one topic that have something waiting, and where records without a key go: to
 * one partition until it has got its share, because a batch of many costs little more than a batch
 * of one. It exists only while something waits, so a topic that is quiet starts each time with
 * another partition, and costs nothing in between.
 */
export class TopicAccumulator {
  readonly topicId: TopicId
  readonly tenantId: TenantId
  readonly active = new Map<number, PartitionAccumulator>()
  #stickyPartition = -1
  #stickyBytesLeft = 0

  constructor(topic: TargetTopic) {
    this.topicId = topic.topicId
    this.tenantId = topic.tenantId
  }

  /** The partition for `bytes` of records without a key. One with a leader, if there is one. */
  stickyPartition(
    partitionCount: number,
    bytes: number,
    random: Random,
    hasLeader: (partition: number) => boolean,
  ): number {
    const current = this.#stickyPartition
    if (this.#stickyBytesLeft <= 0 || current >= partitionCount || !hasLeader(current)) {
      this.#stickyPartition = chooseOther(current, partitionCount, random, hasLeader)
      this.#stickyBytesLeft = STICKY_BYTES
    }
    this.#stickyBytesLeft -= bytes
    return this.#stickyPartition
  }
}

/** From a random start, the first partition that has a leader and is not the current one. */
function chooseOther(
  current: number,
  partitionCount: number,
  random: Random,
  hasLeader: (partition: number) => boolean,
): number {
  const start = Math.floor(random.next() * partitionCount)
  let fallback = start
  for (let step = 0; step < partitionCount; step += 1) {
    const candidate = (start + step) % partitionCount
    if (!hasLeader(candidate)) continue
    if (candidate !== current) return candidate
    fallback = candidate
  }
  return fallback
}

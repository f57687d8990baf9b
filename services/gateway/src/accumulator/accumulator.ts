import { BusError, limits, type TopicId, wait } from '@courant/kernel'
import type { BatchSender } from './batch-sender.ts'
import { MemoryBudget } from './memory-budget.ts'
import { PartitionAccumulator, type PartitionAccumulatorParts } from './partition-accumulator.ts'
import { type TargetTopic, TopicAccumulator } from './topic-accumulator.ts'

/** Partitions whose sending starts in one turn of the event loop. */
const STARTS_PER_TURN = 256
/** How exactly deadlines are kept: one timer for all that waits, none while nothing does. */
const DEADLINE_CHECK_MS = 20

/**
 * Everything that waits in this gateway to be written. Memory is bounded before it is used: for a
 * partition, for a tenant, and in all; a request that does not fit is refused whole.
 */
export class Accumulator {
  readonly #parts: PartitionAccumulatorParts
  readonly #budget = new MemoryBudget()
  readonly #topics = new Map<TopicId, TopicAccumulator>()
  /** Partitions that got their first record in this turn of the event loop. */
  #starting: PartitionAccumulator[] = []
  #timerIsSet = false
  #idleWaiters: (() => void)[] = []

  constructor(parts: PartitionAccumulatorParts) {
    this.#parts = parts
  }

  get waitingBytes(): number {
    return this.#budget.totalBytes
  }

  /** Where records without a key go. */
  stickyPartition(topic: TargetTopic, bytes: number): number {
    const { random, sender } = this.#parts
    const { topicId, partitionCount } = topic
    return this.#topicOf(topic).stickyPartition(partitionCount, bytes, random, (partition) =>
      hasLeader(sender, topicId, partition),
    )
  }

  /** Takes memory for a whole request, `bytesOf` by partition. Throws BUSY or THROTTLED. */
  admit(topic: TargetTopic, bytesOf: ReadonlyMap<number, number>): void {
    const { active } = this.#topicOf(topic)
    let total = 0
    for (const [partition, bytes] of bytesOf) {
      const waiting = active.get(partition)?.chargedBytes ?? 0
      if (waiting + bytes > limits.accumulatorPartitionBytesMax) throw partitionBusy(partition)
      total += bytes
    }
    this.#budget.take(topic.tenantId, total)
  }

  /** The partition's accumulator, to append records to in this turn of the event loop. */
  partition(topic: TargetTopic, partition: number): PartitionAccumulator {
    const topicAccumulator = this.#topicOf(topic)
    const active = topicAccumulator.active.get(partition)
    if (active !== undefined) return active
    const accumulator = this.#newPartition(topicAccumulator, partition)
    topicAccumulator.active.set(partition, accumulator)
    this.#startSoon(accumulator)
    return accumulator
  }

  /** Resolves when nothing waits any more. */
  /** The metadata has something new of the partition. */
  partitionChanged(topicId: TopicId, partition: number): void {
    this.#topics.get(topicId)?.active.get(partition)?.partitionChanged()
  }

  /** The topic is gone for good, and who waits for it is told so. */
  topicDeleted(topicId: TopicId): void {
    this.#parts.producers.forget(topicId)
    this.#endAll(topicId, new BusError('TOPIC_NOT_FOUND', 'The topic was deleted.'))
  }

  async drained(): Promise<void> {
    if (this.#topics.size === 0) return
    await new Promise<void>((resolve) => this.#idleWaiters.push(resolve))
  }

  /** Gives what is under way a while to be resolved, then gives up. */
  async stop(): Promise<void> {
    const drained = new AbortController()
    const isDrained = this.drained().then(() => drained.abort())
    await wait(this.#parts.clock, limits.deliveryDrainMsMax, drained.signal)
    const error = new BusError(
      'SHUTTING_DOWN',
      'This gateway stopped before the records were sent.',
    )
    for (const topicId of this.#topics.keys()) this.#endAll(topicId, error)
    await isDrained
  }

  #endAll(topicId: TopicId, error: BusError): void {
    for (const accumulator of this.#topics.get(topicId)?.active.values() ?? []) {
      accumulator.end(error)
    }
  }

  #topicOf(topic: TargetTopic): TopicAccumulator {
    const known = this.#topics.get(topic.topicId)
    if (known !== undefined) return known
    const created = new TopicAccumulator(topic)
    this.#topics.set(topic.topicId, created)
    this.#watchDeadlines()
    return created
  }

  #newPartition(topic: TopicAccumulator, partition: number): PartitionAccumulator {
    const { topicId, tenantId } = topic
    return new PartitionAccumulator({ topicId, partition }, this.#parts, {
      onReleased: (bytes) => this.#budget.give(tenantId, bytes),
      onIdle: () => this.#idle(topic, partition),
    })
  }

  #idle(topic: TopicAccumulator, partition: number): void {
    topic.active.delete(partition)
    this.#forgetIfQuiet(topic)
  }

  #forgetIfQuiet(topic: TopicAccumulator): void {
    if (topic.active.size > 0) return
    this.#topics.delete(topic.topicId)
    if (this.#topics.size > 0) return
    const waiters = this.#idleWaiters
    this.#idleWaiters = []
    for (const waiter of waiters) waiter()
  }

  /**
   * Sending starts when this turn's input has been read: requests that arrived together on many
   * connections travel together, and a lone one loses nothing.
   */
  #startSoon(accumulator: PartitionAccumulator): void {
    this.#starting.push(accumulator)
    if (this.#starting.length === 1) setImmediate(() => this.#start())
  }

  #start(): void {
    const starting = this.#starting
    this.#starting = starting.slice(STARTS_PER_TURN)
    if (this.#starting.length > 0) setImmediate(() => this.#start())
    for (const accumulator of starting.slice(0, STARTS_PER_TURN)) void accumulator.run()
  }

  #watchDeadlines(): void {
    if (this.#timerIsSet) return
    this.#timerIsSet = true
    this.#parts.clock.setTimer(DEADLINE_CHECK_MS, () => {
      this.#timerIsSet = false
      const nowMs = this.#parts.clock.monotonicMs()
      for (const topic of this.#topics.values()) {
        for (const accumulator of topic.active.values()) accumulator.expire(nowMs)
        // A topic whose request was refused before anything was appended.
        this.#forgetIfQuiet(topic)
      }
      if (this.#topics.size > 0) this.#watchDeadlines()
    })
  }
}

function hasLeader(sender: BatchSender, topicId: TopicId, partition: number): boolean {
  return partition >= 0 && sender.leader(topicId, partition) !== null
}

function partitionBusy(partition: number): BusError {
  return new BusError(
    'BUSY',
    `Too much data waits for partition ${partition}; nothing was taken.`,
    {
      retryAfterMs: limits.retryAfterMs,
    },
  )
}

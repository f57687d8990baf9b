import { BusError, type Clock, limits, type Random, type TopicId } from '@courant/kernel'
import type { BatchMemory } from '@courant/record-batch'
import { MemoryBudget } from './memory-budget.ts'
import { type Appended, PartitionAccumulator } from './partition-accumulator.ts'
import { type TargetTopic, TopicAccumulator } from './topic-accumulator.ts'
import type { Acks } from './waiting-batch.ts'

/** Sends batches to the leaders of partitions; the routing's part. */
export interface BatchSender {
  hasLeader(topicId: TopicId, partition: number): boolean
  /** One try. `maySend` is asked at the moment from which on the batch may be applied. */
  send(
    topicId: TopicId,
    partition: number,
    batch: Buffer,
    acks: Acks,
    timeoutMs: number,
    maySend: () => boolean,
  ): Promise<Appended>
}

export interface AccumulatorParts {
  readonly clock: Clock
  readonly random: Random
  readonly sender: BatchSender
  /** Where batches are built. */
  readonly buffers: BatchMemory
}

/** Partitions whose sending starts in one turn of the event loop. */
const STARTS_PER_TURN = 256
/** How exactly deadlines are kept: one timer for all that waits, none while nothing does. */
const DEADLINE_CHECK_MS = 20

/**
 * Everything that waits in this gateway to be written. Memory is bounded before it is used: for a
 * partition, for a tenant, and in all; a request that does not fit is refused whole.
 */
export class Accumulator {
  readonly #parts: AccumulatorParts
  readonly #budget = new MemoryBudget()
  readonly #topics = new Map<TopicId, TopicAccumulator>()
  /** Partitions that got their first record in this turn of the event loop. */
  #starting: PartitionAccumulator[] = []
  #timerIsSet = false
  #idleWaiters: (() => void)[] = []

  constructor(parts: AccumulatorParts) {
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
      sender.hasLeader(topicId, partition),
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
  async drained(): Promise<void> {
    if (this.#topics.size === 0) return
    await new Promise<void>((resolve) => this.#idleWaiters.push(resolve))
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
    const { clock, sender, buffers } = this.#parts
    return new PartitionAccumulator({
      clock,
      buffers,
      send: (batch, acks, timeoutMs, maySend) =>
        sender.send(topic.topicId, partition, batch, acks, timeoutMs, maySend),
      onReleased: (bytes) => this.#budget.give(topic.tenantId, bytes),
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

function partitionBusy(partition: number): BusError {
  return new BusError(
    'BUSY',
    `Too much data waits for partition ${partition}; nothing was taken.`,
    {
      retryAfterMs: limits.retryAfterMs,
    },
  )
}

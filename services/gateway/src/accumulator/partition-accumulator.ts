import { type BusError, limits } from '@courant/kernel'
import type { BatchMemory, RecordSource } from '@courant/record-batch'
import { Delivery, type DeliveryParts, type DeliveryTarget } from './delivery.ts'
import { notSent } from './outcomes.ts'
import type { PartitionProducers } from './partition-producers.ts'
import type { Share } from './share.ts'
import { type Acks, WaitingBatch } from './waiting-batch.ts'

export interface PartitionAccumulatorParts extends DeliveryParts {
  readonly buffers: BatchMemory
  readonly producers: PartitionProducers
}

export interface PartitionAccumulatorOwner {
  /** A batch is resolved; so much it held of the memory budget. */
  onReleased(bytes: number): void
  /** Nothing waits any more. */
  onIdle(): void
}

/** First capacity of a batch. The next one begins with what the last one needed. */
const CAPACITY_MIN = 512

/**
 * What waits for one partition. One batch is under way at a time; what arrives meanwhile gathers,
 * and goes together when that is resolved. That is all the batching there is: no timer, no delay
 * for a lone record, and large batches exactly when the broker is busy. It keeps the order, too:
 * no batch overtakes one that is sent again.
 */
export class PartitionAccumulator {
  /** Bytes charged for what waits here or is under way. */
  chargedBytes = 0
  readonly #target: DeliveryTarget
  readonly #parts: PartitionAccumulatorParts
  readonly #owner: PartitionAccumulatorOwner
  /** Oldest first. Only the last one may still take records. */
  #queue: WaitingBatch[] = []
  #delivery: Delivery | null = null
  /** Why nothing is sent any more. */
  #end: BusError | null = null
  #capacity = CAPACITY_MIN

  constructor(
    target: DeliveryTarget,
    parts: PartitionAccumulatorParts,
    owner: PartitionAccumulatorOwner,
  ) {
    this.#target = target
    this.#parts = parts
    this.#owner = owner
  }

  /** So many bytes are about to be appended: the next batch need not grow from small beginnings. */
  expect(bytes: number): void {
    this.#capacity = Math.max(this.#capacity, Math.min(bytes, limits.batchBytesMax))
  }

  /** Takes a record that is known to fit into a batch of its own. */
  append(
    record: RecordSource,
    share: Share,
    acks: Acks,
    sizeMax: number,
    chargedBytes: number,
  ): void {
    let batch = this.#queue.at(-1)
    if (batch?.acks !== acks || !batch.appendWithin(record, sizeMax, share)) {
      batch = new WaitingBatch(acks, this.#capacity, this.#parts.buffers)
      batch.appendWithin(record, Number.POSITIVE_INFINITY, share)
      this.#queue.push(batch)
    }
    batch.chargedBytes += chargedBytes
    this.chargedBytes += chargedBytes
  }

  /** Delivers what waits, batch by batch, until nothing does. Call it once while it runs. */
  async run(): Promise<void> {
    while (true) {
      const batch = this.#queue.shift()
      if (batch === undefined) break
      if (this.#end === null) await this.#newDelivery(batch).run()
      else batch.fail(this.#end)
      this.#delivery = null
      this.chargedBytes -= batch.chargedBytes
      this.#owner.onReleased(batch.chargedBytes)
    }
    this.#owner.onIdle()
  }

  /** Ends the wait of those whose deadline has passed. What is not sent will not be. */
  expire(nowMs: number): void {
    const delivery = this.#delivery
    delivery?.expire(nowMs)
    for (const batch of this.#queue) batch.expire(nowMs, () => delivery?.notSent() ?? notSent())
  }

  /** The metadata has something new of the partition. */
  partitionChanged(): void {
    this.#delivery?.partitionChanged()
  }

  /** Nothing is sent any more: the topic is gone, or this process ends. */
  end(error: BusError): void {
    this.#end = error
    this.#delivery?.end(error)
  }

  #newDelivery(batch: WaitingBatch): Delivery {
    this.#capacity = Math.max(CAPACITY_MIN, batch.size)
    const { topicId, partition } = this.#target
    const producer = this.#parts.producers.of(topicId, partition, batch.acks)
    this.#delivery = new Delivery(this.#target, batch, producer, this.#parts)
    return this.#delivery
  }
}

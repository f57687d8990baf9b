import type { TopicId } from '@courant/kernel'
import { PartitionProducer, type ProducerIdSource } from './partition-producer.ts'
import type { Acks } from './waiting-batch.ts'

/**
 * The producer of each partition that this gateway has ever written to: a partition that is quiet
 * may not be written to with a sequence that the log has. Some hundred bytes each, until the topic
 * is deleted.
 *
 * Batches with acks=leader have a producer of their own. A leader that dies takes some of them with
 * it, though they were acknowledged, and its successor finds a gap in front of the next one: that
 * must not happen to batches with acks=all in between.
 */
export class PartitionProducers {
  readonly #ids: Readonly<Record<Acks, ProducerIdSource>>
  readonly #topics = new Map<TopicId, Record<Acks, Map<number, PartitionProducer>>>()

  constructor(ids: Readonly<Record<Acks, ProducerIdSource>>) {
    this.#ids = ids
  }

  of(topicId: TopicId, partition: number, acks: Acks): PartitionProducer {
    const producers = this.#topics.get(topicId) ?? this.#add(topicId)
    const known = producers[acks].get(partition)
    if (known !== undefined) return known
    const created = new PartitionProducer(this.#ids[acks])
    producers[acks].set(partition, created)
    return created
  }

  /** The topic is gone for good. */
  forget(topicId: TopicId): void {
    this.#topics.delete(topicId)
  }

  #add(topicId: TopicId): Record<Acks, Map<number, PartitionProducer>> {
    const created = { all: new Map(), leader: new Map() }
    this.#topics.set(topicId, created)
    return created
  }
}

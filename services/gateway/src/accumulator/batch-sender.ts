import type { TopicId } from '@courant/kernel'
import type { Acks } from './waiting-batch.ts'

/** What a broker said of a batch that it took. */
export interface Appended {
  readonly baseOffset: number
  /** -1 where the records keep their own timestamps. */
  readonly appendTime: number
}

/** Sends batches to the leaders of partitions; the routing's part. */
export interface BatchSender {
  /** Who leads the partition, as far as we know; null while nobody does. */
  leader(topicId: TopicId, partition: number): number | null
  /**
   * One try to have a batch appended by the leader. `maySend` is asked right before the batch goes
   * to a connection: until then nothing was written, and the try may be out of date.
   */
  send(
    topicId: TopicId,
    partition: number,
    batch: Buffer,
    acks: Acks,
    timeoutMs: number,
    maySend: () => boolean,
  ): Promise<Appended>
}

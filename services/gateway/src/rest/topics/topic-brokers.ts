import type { Offset, PartitionIndex, TopicId } from '@courant/kernel'

/** What management needs of the brokers: only things that any broker of the protocol can answer. */
export interface TopicBrokers {
  /**
   * Resolves true once the leader of each of the first `partitions` partitions answers for it,
   * false when `timeoutMs` has passed first. Never rejects: a broker that cannot be reached may be
   * soon.
   */
  waitUntilServing(topic: TopicId, partitions: number, timeoutMs: number): Promise<boolean>
  /** Deletes the records before `offset`, or all of them; the partition's new log start offset. */
  deleteRecords(
    topic: TopicId,
    partition: PartitionIndex,
    before: Offset | 'latest',
    timeoutMs: number,
  ): Promise<Offset>
}

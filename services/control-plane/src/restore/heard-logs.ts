/** What brokers have answered about their logs, by partition. Pure. */
import type { BrokerLogs } from '@courant/api/internal/v1/cluster'
import { partitionKey } from '../partitions/partition-key.ts'
import type { HeldLog } from './most-complete.ts'

export interface PartitionName {
  readonly topicId: string
  readonly partition: number
}

export class HeardLogs {
  /** Whose answers count: they vouch for what they have. */
  readonly brokers: readonly BrokerLogs[]
  /** The others. */
  readonly silent: readonly number[]
  readonly #answering: ReadonlySet<number>
  readonly #serving: ReadonlySet<number>
  readonly #byPartition = new Map<string, HeldLog[]>()

  /** `known`: every broker that the database or a gateway knows of. */
  constructor(answers: readonly BrokerLogs[], known: readonly number[]) {
    this.brokers = answers.filter(({ isIntact }) => isIntact)
    this.#answering = new Set(this.brokers.map(({ brokerId }) => brokerId))
    const serving = this.brokers.filter(({ isServing }) => isServing)
    this.#serving = new Set(serving.map(({ brokerId }) => brokerId))
    const all = new Set([...known, ...answers.map(({ brokerId }) => brokerId)])
    this.silent = [...all].filter((brokerId) => !this.#answering.has(brokerId))
    for (const { brokerId, logs } of this.brokers) {
      for (const log of logs) {
        const held = this.#byPartition.get(partitionKey(log)) ?? []
        this.#byPartition.set(partitionKey(log), held)
        held.push({ ...log, brokerId })
      }
    }
  }

  isServing(brokerId: number): boolean {
    return this.#serving.has(brokerId)
  }

  isAnswering(brokerId: number): boolean {
    return this.#answering.has(brokerId)
  }

  /** Those that a read has found damaged are no ground for anything. */
  sound(partition: PartitionName): HeldLog[] {
    return this.#of(partition).filter(({ isDamaged }) => !isDamaged)
  }

  /** Nobody else can have a log of it. */
  isComplete(partition: PartitionName): boolean {
    return this.silent.length === 0 && this.#of(partition).every(({ isDamaged }) => !isDamaged)
  }

  /**
   * Whether it has moved to other brokers since, as far as those that were heard can tell: who was
   * to have a log has none, or somebody else has one.
   */
  hasMoved(partition: PartitionName, replicas: readonly number[]): boolean {
    const holders = this.#of(partition).map(({ brokerId }) => brokerId)
    const answering = replicas.filter((brokerId) => this.isAnswering(brokerId))
    const isMissing = answering.some((brokerId) => !holders.includes(brokerId))
    return isMissing || holders.some((brokerId) => !replicas.includes(brokerId))
  }

  /** Those of the replicas, or of all brokers, that may have more than anybody has told of. */
  unheard(partition: PartitionName, among: readonly number[] | 'all'): number[] {
    const damaged = this.#of(partition).filter(({ isDamaged }) => isDamaged)
    const unheard = [...this.silent, ...damaged.map(({ brokerId }) => brokerId)]
    return among === 'all'
      ? unheard
      : among.filter((brokerId) => !this.#hasHeard(partition, brokerId))
  }

  /** Whether this replica has been heard, and would have what it acknowledged. */
  #hasHeard(partition: PartitionName, brokerId: number): boolean {
    if (!this.isAnswering(brokerId)) return false
    return !this.#of(partition).some((log) => log.brokerId === brokerId && log.isDamaged)
  }

  /** The newest epoch that anybody knows of; -1 for none. */
  newestEpoch(partition: PartitionName): number {
    return Math.max(-1, ...this.#of(partition).map(({ knownEpoch }) => knownEpoch))
  }

  /** Of every topic of which there is a log: the highest partition, and who has one. */
  topics(): Map<string, { readonly highest: number; readonly brokers: number[] }> {
    const topics = new Map<string, { highest: number; brokers: number[] }>()
    for (const { brokerId, logs } of this.brokers) {
      for (const { topicId, partition } of logs) {
        const topic = topics.get(topicId) ?? { highest: partition, brokers: [] }
        topics.set(topicId, topic)
        topic.highest = Math.max(topic.highest, partition)
        if (!topic.brokers.includes(brokerId)) topic.brokers.push(brokerId)
      }
    }
    return topics
  }

  #of(partition: PartitionName): readonly HeldLog[] {
    return this.#byPartition.get(partitionKey(partition)) ?? []
  }
}

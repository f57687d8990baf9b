import { kafkaCodeOf, NO_ERROR } from '@courant/kafka-protocol'
import type { BusError, LeaderEpoch, Offset } from '@courant/kernel'
import type { Asked, EpochEnd } from '@courant/replication'
import type { FetchedRecords } from '../partition/fetched-records.ts'
import type { Partition } from '../partition/partition.ts'
import { expected } from '../partition/refusals.ts'
import type { ReplicaSession } from '../replication/replica-session.ts'

const NO_RECORDS: readonly Buffer[] = []

/** What an answer to a follower says of one partition: its entry, which this is itself. */
export class ReplicaFetchEntry {
  readonly partition: number
  errorCode: number = NO_ERROR
  highWatermark = -1
  readonly lastStableOffset = -1
  logStartOffset = -1
  readonly abortedTransactions = null
  records: readonly Buffer[] = NO_RECORDS
  divergingEpoch: { readonly epoch: number; readonly endOffset: number } | null = null
  size = 0
  #release: (() => void) | null = null

  constructor(partition: number) {
    this.partition = partition
  }

  static failed(partition: number, error: BusError): ReplicaFetchEntry {
    const entry = new ReplicaFetchEntry(partition)
    entry.#fail(error)
    return entry
  }

  /** After records, a divergence or an error the follower has to ask again. */
  get isFinal(): boolean {
    return this.size > 0 || this.errorCode !== NO_ERROR || this.divergingEpoch !== null
  }

  /** Counts what the follower reports, and reads on from there. */
  read(
    { partition, position }: Asked<Partition>,
    { brokerId, brokerEpoch }: ReplicaSession,
    limits: { readonly maxBytes: number; readonly first: 'whole' | 'within-limit' },
  ): Promise<void> | undefined {
    try {
      const fetch = { ...position, broker: brokerId, brokerEpoch }
      const found = partition.fetchReplica(fetch, limits)
      if (found instanceof Promise) {
        return found.then(
          (records) => this.#take(records),
          (thrown: unknown) => this.#fail(expected(thrown)),
        )
      }
      if ('epoch' in found) this.#diverge(found)
      else this.#take(found)
    } catch (thrown) {
      this.#fail(expected(thrown))
    }
    return undefined
  }

  /** Nobody looks at the records any more. */
  release(): void {
    this.#release?.()
    this.#release = null
  }

  #diverge({ epoch, end }: EpochEnd): void {
    this.divergingEpoch = { epoch, endOffset: end }
  }

  #take({ chunks, size, highWatermark, logStartOffset, release }: FetchedRecords): void {
    this.records = chunks
    this.size = size
    this.highWatermark = highWatermark
    this.logStartOffset = logStartOffset
    this.#release = release
  }

  #fail(error: BusError): void {
    this.errorCode = kafkaCodeOf(error)
    this.highWatermark = numberOr(error.extra?.['highWatermark'], -1)
    this.logStartOffset = numberOr(error.extra?.['logStartOffset'], -1)
  }
}

/** Where a follower says that it is. */
export function positionOf(asked: {
  readonly currentLeaderEpoch: number
  readonly fetchOffset: number
  readonly lastFetchedEpoch: number
  readonly logStartOffset: number
  readonly partitionMaxBytes: number
}) {
  return {
    leaderEpoch: asked.currentLeaderEpoch as LeaderEpoch,
    offset: asked.fetchOffset as Offset,
    lastEpoch: asked.lastFetchedEpoch as LeaderEpoch,
    logStartOffset: asked.logStartOffset as Offset,
    bytesMax: Math.max(asked.partitionMaxBytes, 0),
  }
}

function numberOr(value: unknown, otherwise: number): number {
  return typeof value === 'number' ? value : otherwise
}

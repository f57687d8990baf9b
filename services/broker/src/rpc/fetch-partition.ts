import { type fetchApi, kafkaCodeOf, NO_ERROR, type RequestOf } from '@courant/kafka-protocol'
import type { BusError } from '@courant/kernel'
import type { FetchedRecords } from '../partition/fetched-records.ts'
import type { Partition } from '../partition/partition.ts'
import { expected, NOT_LEADER } from '../partition/refusals.ts'
import { unknownPartition } from './unknown-partition.ts'

type FetchTopic = RequestOf<typeof fetchApi>['topics'][number]
type PartitionRequest = FetchTopic['partitions'][number]

interface FetchPartitionEvents {
  /** Whether another broker may lead already. */
  readonly isLeaseOver: () => boolean
  readonly onAdvance: () => void
}

const NO_RECORDS: readonly Buffer[] = []

/**
 * One partition of a fetch, from the request to its entry in the answer, which it is itself. What
 * an entry says of the partition (records, high watermark, log start) comes from one moment: a log
 * start newer than the records would tell the client of a gap that is not there.
 */
export class FetchPartition {
  readonly partition: number
  errorCode: number = NO_ERROR
  highWatermark = -1
  lastStableOffset = -1
  logStartOffset = -1
  readonly abortedTransactions = null
  records: readonly Buffer[] = NO_RECORDS
  /** Bytes of the records, also of those that were dropped. */
  size = 0
  isDropped = false
  readonly #request: PartitionRequest
  readonly #source: Partition | null
  readonly #isLeaseOver: () => boolean
  readonly #onAdvance: () => void
  #isWatching = false
  #release: (() => void) | null = null

  constructor(
    request: PartitionRequest,
    source: Partition | null,
    { isLeaseOver, onAdvance }: FetchPartitionEvents,
  ) {
    this.partition = request.partition
    this.#request = request
    this.#source = source
    this.#isLeaseOver = isLeaseOver
    this.#onAdvance = () => {
      this.unwatch()
      onAdvance()
    }
  }

  get hasFailed(): boolean {
    return this.errorCode !== NO_ERROR
  }

  /** Reads at most `maxBytes`; with `whole` the first batch is read even if it is larger. */
  read(maxBytes: number, first: 'whole' | 'within-limit'): Promise<void> | undefined {
    this.isDropped = false
    try {
      if (this.#source === null) throw unknownPartition()
      const { fetchOffset, currentLeaderEpoch, partitionMaxBytes } = this.#request
      const fetched = this.#source.fetch({
        offset: fetchOffset,
        leaderEpoch: currentLeaderEpoch,
        maxBytes: Math.max(0, Math.min(maxBytes, partitionMaxBytes)),
        first,
      })
      if (fetched instanceof Promise) {
        return fetched.then(
          (records) => this.#take(records),
          (thrown: unknown) => this.#fail(thrown),
        )
      }
      this.#take(fetched)
    } catch (thrown) {
      this.#fail(thrown)
    }
    return undefined
  }

  /** Lets go of the records until they are read again. */
  drop(): void {
    this.release()
    if (this.size === 0) return
    this.records = NO_RECORDS
    this.isDropped = true
  }

  /** Nobody looks at the records any more. */
  release(): void {
    this.#release?.()
    this.#release = null
  }

  /** Calls back once when reading again may bring more, at once if that is so already. */
  watch(): void {
    if (this.#source === null || this.#isWatching) return
    if (this.#source.hasMoreThan(this.highWatermark)) this.#onAdvance()
    else {
      this.#isWatching = true
      this.#source.onAdvance.add(this.#onAdvance)
    }
  }

  unwatch(): void {
    if (!this.#isWatching) return
    this.#isWatching = false
    this.#source?.onAdvance.remove(this.#onAdvance)
  }

  #take({ chunks, size, highWatermark, logStartOffset, release }: FetchedRecords): void {
    this.release()
    this.#release = release
    this.highWatermark = highWatermark
    this.lastStableOffset = highWatermark
    this.logStartOffset = logStartOffset
    this.records = chunks
    this.size = size
  }

  #fail(thrown: unknown): void {
    this.release()
    const error = this.#judge(expected(thrown))
    this.errorCode = kafkaCodeOf(error)
    this.records = NO_RECORDS
    this.size = 0
    this.highWatermark = numberOr(error.extra?.['highWatermark'], -1)
    this.lastStableOffset = this.highWatermark
    this.logStartOffset = numberOr(error.extra?.['logStartOffset'], -1)
  }

  /**
   * Who has read further than this log goes may have read from a newer leader. It must not hear
   * that its position is wrong, for it would begin anew (reliability B9.2, bug 42).
   */
  #judge(error: BusError): BusError {
    const isOut = error.code === 'OFFSET_OUT_OF_RANGE' && this.#isLeaseOver()
    const end = numberOr(error.extra?.['highWatermark'], -1)
    return isOut && this.#request.fetchOffset > end ? NOT_LEADER : error
  }
}

function numberOr(value: unknown, otherwise: number): number {
  return typeof value === 'number' ? value : otherwise
}

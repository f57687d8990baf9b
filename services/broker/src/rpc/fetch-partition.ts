import { BusError, type LeaderEpoch } from '@courant/kernel'
import { kafkaCodeOf, NO_ERROR, type fetchApi, type RequestOf } from '@courant/kafka-protocol'
import type { AdvanceListener } from '../partition/advance-listeners.ts'
import type { FetchedRecords, Partition } from '../partition/partition.ts'

type FetchTopic = RequestOf<typeof fetchApi>['topics'][number]
type PartitionRequest = FetchTopic['partitions'][number]

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
  records: readonly Buffer[] | null = NO_RECORDS
  size = 0
  readonly #request: PartitionRequest
  readonly #source: Partition | null
  #onAdvance: AdvanceListener | null = null

  constructor(request: PartitionRequest, source: Partition | null) {
    this.partition = request.partition
    this.#request = request
    this.#source = source
  }

  /** True when reading again could bring nothing but more of the same. */
  get isDone(): boolean {
    return this.errorCode !== NO_ERROR || this.size > 0
  }

  /** Reads at most `maxBytes`; with `whole` the first batch is read even if it is larger. */
  read(maxBytes: number, first: 'whole' | 'within-limit'): Promise<void> | void {
    try {
      if (this.#source === null) throw unknownPartition()
      const { fetchOffset, currentLeaderEpoch, partitionMaxBytes } = this.#request
      const fetched = this.#source.fetch({
        offset: fetchOffset,
        leaderEpoch: currentLeaderEpoch as LeaderEpoch,
        maxBytes: Math.max(0, Math.min(maxBytes, partitionMaxBytes)),
        first,
      })
      if (!(fetched instanceof Promise)) return this.#take(fetched)
      return fetched.then(
        (records) => this.#take(records),
        (error: unknown) => this.#fail(error),
      )
    } catch (error) {
      this.#fail(error)
    }
  }

  /** Calls back once when records may have arrived behind those that were read. */
  watch(onAdvance: AdvanceListener): void {
    if (this.#source === null) return
    this.#onAdvance = onAdvance
    this.#source.onAdvance.add(onAdvance)
  }

  unwatch(): void {
    if (this.#onAdvance !== null) this.#source?.onAdvance.remove(this.#onAdvance)
    this.#onAdvance = null
  }

  #take(fetched: FetchedRecords): void {
    this.highWatermark = fetched.highWatermark
    this.lastStableOffset = fetched.highWatermark
    this.logStartOffset = fetched.logStartOffset
    this.records = fetched.chunks
    this.size = fetched.size
  }

  #fail(thrown: unknown): void {
    const error = BusError.from(thrown)
    if (error.code === 'INTERNAL') throw thrown
    this.errorCode = kafkaCodeOf(error)
    this.records = null
    this.size = 0
    this.highWatermark = numberOr(error.extra?.['highWatermark'], -1)
    this.logStartOffset = numberOr(error.extra?.['logStartOffset'], -1)
  }
}

const NO_RECORDS: readonly Buffer[] = []

function numberOr(value: unknown, otherwise: number): number {
  return typeof value === 'number' ? value : otherwise
}

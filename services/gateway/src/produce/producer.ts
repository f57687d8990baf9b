import type { Clock } from '@courant/kernel'
import {
  BATCH_HEADER_BYTES,
  emptyRecordSource,
  partitionOfKey,
  RecordBatchBuilder,
} from '@courant/record-batch'
import type { Accumulator } from '../accumulator/accumulator.ts'
import { Share } from '../accumulator/share.ts'
import type { TargetTopic } from '../accumulator/topic-accumulator.ts'
import type { ParsedRecords } from './parsed-records.ts'
import { PendingProduce } from './pending-produce.ts'
import type { ProduceOptions } from './produce-options.ts'
import { problemAt } from './record-problem.ts'
import { RECORD_OVERHEAD_BYTES, Submission } from './submission.ts'

/** More than the framing of a record and the header of its batch ever take. */
const FRAMING_BYTES_MAX = BATCH_HEADER_BYTES + 64

/**
 * From parsed records to the accumulator: partition, size, memory, and then all of them at once.
 */
export class Producer {
  readonly #accumulator: Accumulator
  readonly #clock: Clock
  readonly #source = emptyRecordSource()
  /** Measures a record as the only one of its batch. */
  readonly #measure = new RecordBatchBuilder(0)

  constructor(accumulator: Accumulator, clock: Clock) {
    this.#accumulator = accumulator
    this.#clock = clock
  }

  /**
   * Admits all records or throws and admits none. The submission that it returns has to be run to
   * its end. `pointerOf` names a record in errors.
   */
  submit(
    topic: TargetTopic,
    records: ParsedRecords,
    options: Pick<ProduceOptions, 'acks' | 'timeoutMs'>,
    pointerOf: (index: number) => string,
  ): Submission {
    const now = this.#clock.now()
    const charges = this.#place(topic, records, pointerOf, now)
    this.#accumulator.admit(topic, charges)
    const pending = new PendingProduce(
      records.count,
      charges.size === 1 ? null : records.copyPartitions(),
      records.copyTimestamps(now),
      now,
    )
    const deadlineMs = this.#clock.monotonicMs() + options.timeoutMs
    const [only] = charges.keys()
    const counts =
      charges.size === 1 && only !== undefined
        ? new Map([[only, records.count]])
        : records.countByPartition()
    for (const [partition, count] of counts) {
      pending.addShare(new Share(partition, count, deadlineMs, () => pending.shareDecided()))
    }
    const acks = options.acks === 'none' ? 'leader' : options.acks
    return new Submission(this.#accumulator, topic, records, acks, pending, charges)
  }

  /** Chooses each record's partition; the bytes to charge, by partition. */
  #place(
    topic: TargetTopic,
    records: ParsedRecords,
    pointerOf: (index: number) => string,
    now: number,
  ): Map<number, number> {
    const charges = new Map<number, number>()
    let sticky = -1
    let current = -1
    let charged = 0
    for (let index = 0; index < records.count; index += 1) {
      const contentBytes = records.contentBytes(index)
      if (contentBytes + FRAMING_BYTES_MAX > topic.config.maxMessageBytes) {
        this.#checkSize(topic, records, index, now, pointerOf)
      }
      let partition = records.partition(index)
      if (partition < 0) {
        if (records.hasKey(index)) {
          records.fill(this.#source, index, now)
          const { keyBytes, keyStart, keyEnd } = this.#source
          partition = partitionOfKey(topic.partitionCount, keyBytes ?? NO_BYTES, keyStart, keyEnd)
        } else {
          if (sticky < 0) sticky = this.#sticky(topic, records)
          partition = sticky
        }
        records.setPartition(index, partition)
      }
      // Neighbours often share a partition: the map is asked once for each run of them.
      if (partition !== current) {
        if (charged > 0) charges.set(current, (charges.get(current) ?? 0) + charged)
        current = partition
        charged = 0
      }
      charged += contentBytes + RECORD_OVERHEAD_BYTES
    }
    charges.set(current, (charges.get(current) ?? 0) + charged)
    return charges
  }

  #sticky(topic: TargetTopic, records: ParsedRecords): number {
    let bytes = 0
    for (let index = 0; index < records.count; index += 1) {
      if (records.partition(index) < 0 && !records.hasKey(index)) {
        bytes += records.contentBytes(index) + RECORD_OVERHEAD_BYTES
      }
    }
    return this.#accumulator.stickyPartition(topic, bytes)
  }

  #checkSize(
    topic: TargetTopic,
    records: ParsedRecords,
    index: number,
    now: number,
    pointerOf: (index: number) => string,
  ): void {
    records.fill(this.#source, index, now)
    const size = BATCH_HEADER_BYTES + this.#measure.sizeOf(this.#source)
    const { maxMessageBytes } = topic.config
    if (size <= maxMessageBytes) return
    const detail = `The record needs ${size} bytes; maxMessageBytes of the topic is ${maxMessageBytes}.`
    throw problemAt('RECORD_TOO_LARGE', pointerOf(index), detail)
  }
}

const NO_BYTES = Buffer.alloc(0)

import { assert } from '@courant/kernel'
import { emptyRecordSource } from '@courant/record-batch'
import type { Accumulator } from '../accumulator/accumulator.ts'
import type { TargetTopic } from '../accumulator/topic-accumulator.ts'
import type { Acks } from '../accumulator/waiting-batch.ts'
import type { ParsedRecords } from './parsed-records.ts'
import type { PendingProduce } from './pending-produce.ts'

/** What a record costs in memory beyond its content: its framing, and who waits for it. */
export const RECORD_OVERHEAD_BYTES = 64
/** Appended in one turn of the event loop: bytes, give or take a record, and records. */
const SLICE_BYTES = 2 * 1024 * 1024
const SLICE_RECORDS = 4_000

/**
 * The way of admitted records into the accumulator, in slices: each call of `next` appends some
 * MiB, so that a large request does not hold up everybody else. Nothing can stop it halfway: the
 * memory is taken, and every record has its place. Until it has ended, `records` is in use.
 */
export class Submission {
  readonly pending: PendingProduce
  readonly #accumulator: Accumulator
  readonly #topic: TargetTopic
  readonly #records: ParsedRecords
  readonly #acks: Acks
  readonly #source = emptyRecordSource()
  #index = 0

  constructor(
    accumulator: Accumulator,
    topic: TargetTopic,
    records: ParsedRecords,
    acks: Acks,
    pending: PendingProduce,
    charges: ReadonlyMap<number, number>,
  ) {
    for (const [partition, bytes] of charges) accumulator.partition(topic, partition).expect(bytes)
    this.#accumulator = accumulator
    this.#topic = topic
    this.#records = records
    this.#acks = acks
    this.pending = pending
  }

  /** True: all is appended. */
  next(): boolean {
    const records = this.#records
    const source = this.#source
    const { maxMessageBytes } = this.#topic.config
    let bytesLeft = SLICE_BYTES
    let partition = -1
    // Looked up in every turn: between two of them a partition may have become quiet and be gone.
    let accumulator = null
    let share = null
    const sliceEnd = Math.min(records.count, this.#index + SLICE_RECORDS)
    for (; this.#index < sliceEnd && bytesLeft > 0; this.#index += 1) {
      if (accumulator === null || records.partition(this.#index) !== partition) {
        partition = records.partition(this.#index)
        accumulator = this.#accumulator.partition(this.#topic, partition)
        share = this.pending.shares.get(partition)
      }
      assert(share != null, 'every partition of the request has a share')
      records.fill(source, this.#index, this.pending.now)
      const charge = records.contentBytes(this.#index) + RECORD_OVERHEAD_BYTES
      accumulator.append(source, share, this.#acks, maxMessageBytes, charge)
      bytesLeft -= charge
    }
    return this.#index === records.count
  }
}

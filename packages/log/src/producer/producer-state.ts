import { BusError, type Clock, type Offset } from '@courant/kernel'
import { hasProducerAt, RecordBatch } from '@courant/record-batch'
import type { BatchRun } from '../partition/batch-run.ts'
import { isIdle, lastSequenceIn, newestEpochIn, originalOf, SEQUENCES } from './producer-slot.ts'
import { NO_PRODUCERS, ProducerTable } from './producer-table.ts'

/**
 * The idempotent producers of one partition (KIP-98, reliability B11): derived from the log's
 * batches alone, so that every replica has the same to judge by. `saved` is what a checkpoint says,
 * as of the batches that are on file; the pending ones come on top of it in a table that exists
 * only while there are any. So an idle partition has the bytes of its checkpoint and no more, and a
 * truncation is exact: what is left of the pending batches on top of what was saved.
 */
export class ProducerState {
  #saved: Buffer
  #live: ProducerTable | null = null

  constructor(saved: Buffer = NO_PRODUCERS) {
    this.#saved = saved
  }

  /** As of the batches on file: slots in the order of their producer ids. */
  get saved(): Buffer {
    return this.#saved
  }

  get isEmpty(): boolean {
    return this.#live === null && this.#saved.length === 0
  }

  /**
   * What an append of a producer's batch is: null when it goes on where its producer has stopped,
   * or the base offset of the original of which it is a copy. Throws INVALID_PRODUCER_EPOCH,
   * OUT_OF_ORDER_SEQUENCE_NUMBER or DUPLICATE_SEQUENCE_NUMBER (a copy of something so old that its
   * offset is forgotten). Kafka: ProducerAppendInfo and ProducerStateEntry.findDuplicateBatch.
   */
  judge(batch: RecordBatch, clock: Pick<Clock, 'now'>): Offset | null {
    this.#live ??= new ProducerTable(this.#saved)
    const { slots } = this.#live
    const slot = this.#live.find(batch.producerId)
    // Of an unknown producer any sequence is accepted: retention or idleness may have lost it.
    if (slot === -1) return null
    const epoch = newestEpochIn(slots, slot)
    const lastSequence = lastSequenceIn(slots, slot)
    const expected = lastSequence === SEQUENCES - 1 ? 0 : lastSequence + 1
    // Before all else, because it is so but for errors: idle or not, it is accepted.
    if (batch.producerEpoch === epoch && batch.baseSequence === expected) return null
    if (isIdle(slots, slot, clock.now())) return null
    if (batch.producerEpoch < epoch) throw fenced(batch, epoch)
    if (batch.producerEpoch > epoch) {
      if (batch.baseSequence !== 0) throw outOfOrder(batch, 0)
      return null
    }
    const original = originalOf(batch, slots, slot)
    if (original !== null) return original
    if (isUpTo(batch.lastSequence, lastSequence)) throw tooOld(batch)
    throw outOfOrder(batch, expected)
  }

  /** Notes the batches of a run that has just been appended, replicated or replayed. */
  note({ memory, start, end }: BatchRun, nowMs: number): void {
    for (let at = start; at < end; ) {
      const batch = new RecordBatch(memory, at)
      at += batch.size
      if (!hasProducerAt(memory, batch.position)) continue
      this.#live ??= new ProducerTable(this.#saved)
      this.#live.push(batch, nowMs)
    }
  }

  /** The log was cut at `end`; `pending` is what is left that is not on file. */
  truncateTo(end: Offset, pending: Iterable<BatchRun>, nowMs: number): void {
    if (this.#saved.length > 0) {
      const table = new ProducerTable(this.#saved)
      table.truncateTo(end)
      this.#saved = table.toBytes(nowMs)
    }
    this.#live = null
    for (const run of pending) this.note(run, nowMs)
  }

  /** These runs are on file now, and `rest` tells whether others are still pending. */
  save(runs: readonly BatchRun[], rest: 'none' | 'pending', nowMs: number): void {
    if (rest === 'none') {
      if (this.#live !== null) this.#saved = this.#live.toBytes(nowMs)
      this.#live = null
      return
    }
    const onFile = new ProducerState(this.#saved)
    for (const run of runs) onFile.note(run, nowMs)
    onFile.save([], 'none', nowMs)
    this.#saved = onFile.saved
  }
}

/** Whether a sequence is at or before another, on the circle that they are on. */
function isUpTo(sequence: number, other: number): boolean {
  return (other - sequence + SEQUENCES) % SEQUENCES < SEQUENCES / 2
}

function fenced({ producerId, producerEpoch }: RecordBatch, epoch: number): BusError {
  return new BusError(
    'INVALID_PRODUCER_EPOCH',
    `Producer ${producerId} is in epoch ${epoch}, and this batch is of epoch ${producerEpoch}.`,
  )
}

function outOfOrder({ producerId, baseSequence }: RecordBatch, expected: number): BusError {
  return new BusError(
    'OUT_OF_ORDER_SEQUENCE_NUMBER',
    `Producer ${producerId} sent sequence ${baseSequence} where ${expected} follows.`,
  )
}

function tooOld({ producerId, baseSequence }: RecordBatch): BusError {
  return new BusError(
    'DUPLICATE_SEQUENCE_NUMBER',
    `Sequence ${baseSequence} of producer ${producerId} was appended too long ago to say where.`,
  )
}

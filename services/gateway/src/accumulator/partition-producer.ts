import { assert } from '@courant/kernel'
import type { ProducerStamp } from '@courant/record-batch'

/** Where producers of this gateway have their id from. */
export interface ProducerIdSource {
  /** The id with which a producer begins now; null while no broker has given one. */
  readonly current: number | null
  /** Resolves when there may be a `current` one. */
  arrived(): Promise<void>
  /** A producer has no more use of this id: those that begin from now on get another. */
  retire(id: number): void
}

/** On the wire the epoch has 16 bits and a sign. */
const EPOCH_MAX = 0x7fff
/** The sequence has 32 bits and a sign, and begins anew behind the largest. */
const SEQUENCE_COUNT = 2 ** 31

/**
 * Names the batches of this gateway for one partition, so that the log takes each of them once
 * (KIP-98): an id, an epoch, and the sequence of the next record. Its owner has one batch under
 * way; the next one is stamped when it is known what became of that.
 */
export class PartitionProducer {
  readonly #ids: ProducerIdSource
  #producerId: number | null = null
  #epoch = 0
  #nextSequence = 0
  #stamp: ProducerStamp | null = null

  constructor(ids: ProducerIdSource) {
    this.#ids = ids
  }

  /** Of the next batch, the same object until something changes; null while there is no id. */
  stamp(): ProducerStamp | null {
    this.#stamp ??= this.#newStamp()
    return this.#stamp
  }

  idArrived(): Promise<void> {
    return this.#ids.arrived()
  }

  /** The log has a batch of so many records. */
  advance(recordCount: number): void {
    this.#nextSequence = (this.#nextSequence + recordCount) % SEQUENCE_COUNT
    this.#stamp = null
  }

  /**
   * Nobody knows what became of a batch, or the log has another history than we remember: it is not
   * waited for, and what comes of it later is too old for the log.
   */
  raiseEpoch(): void {
    if (this.#epoch === EPOCH_MAX) this.takeNewId()
    else this.#begin(this.#epoch + 1)
  }

  /** There is no epoch behind this one, or the log has one that we do not know of. */
  takeNewId(): void {
    assert(this.#producerId !== null, 'only a batch that had an id can have been refused for it')
    this.#ids.retire(this.#producerId)
    this.#producerId = null
    this.#begin(0)
  }

  #begin(epoch: number): void {
    this.#epoch = epoch
    this.#nextSequence = 0
    this.#stamp = null
  }

  #newStamp(): ProducerStamp | null {
    this.#producerId ??= this.#ids.current
    if (this.#producerId === null) return null
    return {
      producerId: this.#producerId,
      producerEpoch: this.#epoch,
      baseSequence: this.#nextSequence,
    }
  }
}

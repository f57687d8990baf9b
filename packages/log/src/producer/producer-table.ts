import { limits, type Offset } from '@courant/kernel'
import type { RecordBatch } from '@courant/record-batch'
import {
  clearSlot,
  isIdle,
  newestOffsetIn,
  producerIdIn,
  pushBatch,
  SLOT_WORDS,
  truncateSlot,
} from './producer-slot.ts'

/** The producers of a partition that has none, shared: most have none. */
export const NO_PRODUCERS: Buffer = Buffer.alloc(0)

/**
 * Slots of producers in the order of their ids, in one buffer: no object and no index for each. A
 * new producer moves those behind it, but ids are given out ascending, so these are few.
 */
export class ProducerTable {
  #slots: Uint32Array
  #end: number
  /** Where `find` was right last: an append asks twice, and a producer comes in bursts. */
  #lastFound = 0

  /** Takes the slots out of what a checkpoint has. */
  constructor(bytes: Buffer) {
    this.#end = bytes.length / 4
    this.#slots = new Uint32Array(this.#end)
    for (let word = 0; word < this.#end; word += 1) this.#slots[word] = bytes.readUInt32LE(word * 4)
  }

  get slots(): Uint32Array {
    return this.#slots
  }

  /** Where the slot of a producer is, or -1. */
  find(producerId: number): number {
    if (this.#isOf(producerId, this.#lastFound)) return this.#lastFound
    const slot = this.#firstFrom(producerId)
    if (!this.#isOf(producerId, slot)) return -1
    this.#lastFound = slot
    return slot
  }

  /**
   * Notes a batch of a producer that has just been appended. What there is of it stays, however
   * long it was idle: a replay comes later than what it repeats, and must not make it idle.
   */
  push(batch: RecordBatch, nowMs: number): void {
    const { producerId } = batch
    const known = this.find(producerId)
    const slot = known === -1 ? this.#insert(producerId) : known
    pushBatch(batch, this.#slots, slot, nowMs)
  }

  /** Forgets the batches from `end` on, and the producers that have no other. */
  truncateTo(end: Offset): void {
    this.#keep((slot) => truncateSlot(this.#slots, slot, end))
  }

  /** Those that are not idle, in a buffer of their own size. */
  toBytes(nowMs: number): Buffer {
    this.#keep((slot) => !isIdle(this.#slots, slot, nowMs))
    if (this.#end === 0) return NO_PRODUCERS
    const bytes = Buffer.allocUnsafeSlow(this.#end * 4)
    for (let word = 0; word < this.#end; word += 1) {
      bytes.writeUInt32LE(this.#slots[word] ?? 0, word * 4)
    }
    return bytes
  }

  #isOf(producerId: number, slot: number): boolean {
    return slot < this.#end && producerIdIn(this.#slots, slot) === producerId
  }

  #insert(producerId: number): number {
    if (this.#end >= limits.producersPerPartitionMax * SLOT_WORDS) this.#evict()
    if (this.#end === this.#slots.length) this.#grow()
    const slot = this.#firstFrom(producerId)
    this.#slots.copyWithin(slot + SLOT_WORDS, slot, this.#end)
    this.#end += SLOT_WORDS
    clearSlot(this.#slots, slot, producerId)
    return slot
  }

  /** A sixteenth at a time: the room beyond what is needed counts for every partition. */
  #grow(): void {
    const count = this.#slots.length / SLOT_WORDS
    const grown = new Uint32Array((count + Math.max(1, count >> 4)) * SLOT_WORDS)
    grown.set(this.#slots)
    this.#slots = grown
  }

  /** Forgets the producer whose newest batch is the oldest. */
  #evict(): void {
    let oldest = 0
    for (let slot = SLOT_WORDS; slot < this.#end; slot += SLOT_WORDS) {
      if (newestOffsetIn(this.#slots, slot) < newestOffsetIn(this.#slots, oldest)) oldest = slot
    }
    this.#keep((slot) => slot !== oldest)
  }

  #keep(isKept: (slot: number) => boolean): void {
    let end = 0
    for (let slot = 0; slot < this.#end; slot += SLOT_WORDS) {
      if (!isKept(slot)) continue
      if (slot !== end) this.#slots.copyWithin(end, slot, slot + SLOT_WORDS)
      end += SLOT_WORDS
    }
    this.#end = end
  }

  /** The first slot whose producer id is not below this one; the end when there is none. */
  #firstFrom(producerId: number): number {
    let low = 0
    let high = this.#end / SLOT_WORDS
    while (low < high) {
      const middle = (low + high) >>> 1
      if (producerIdIn(this.#slots, middle * SLOT_WORDS) < producerId) low = middle + 1
      else high = middle
    }
    return low * SLOT_WORDS
  }
}

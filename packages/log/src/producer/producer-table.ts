import { limits, type Offset } from '@courant/kernel'
import type { RecordBatch } from '@courant/record-batch'
import {
  clearSlot,
  isIdle,
  newestOffsetIn,
  producerIdIn,
  pushBatch,
  SLOT_BYTES,
  truncateSlot,
} from './producer-slot.ts'

/** The producers of a partition that has none, shared: most have none. */
export const NO_PRODUCERS: Buffer = Buffer.alloc(0)

/** Where the slot of a producer is among those of `slots[0, end)`, or -1. They are in order. */
export function slotOf(producerId: number, slots: Buffer, end: number): number {
  const slot = firstSlotFrom(producerId, slots, end)
  return slot < end && producerIdIn(slots, slot) === producerId ? slot : -1
}

/**
 * Slots of producers in the order of their ids, in one buffer: no object and no index for each. A
 * new producer moves those behind it, but ids are given out ascending, so these are few.
 */
export class ProducerTable {
  #slots: Buffer
  #end: number

  /** A copy of the slots. */
  constructor(slots: Buffer) {
    this.#end = slots.length
    this.#slots = Buffer.allocUnsafeSlow(slots.length)
    slots.copy(this.#slots)
  }

  get slots(): Buffer {
    return this.#slots
  }

  /** Behind the last slot. */
  get end(): number {
    return this.#end
  }

  /**
   * Notes a batch of a producer that has just been appended. What there is of it stays, however
   * long it was idle: a replay comes later than what it repeats, and must not make it idle.
   */
  push(batch: RecordBatch, nowMs: number): void {
    const { producerId } = batch
    const known = slotOf(producerId, this.#slots, this.#end)
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
    const bytes = Buffer.allocUnsafeSlow(this.#end)
    this.#slots.copy(bytes, 0, 0, this.#end)
    return bytes
  }

  #insert(producerId: number): number {
    if (this.#end >= limits.producersPerPartitionMax * SLOT_BYTES) this.#evict()
    if (this.#end === this.#slots.length) this.#grow()
    const slot = firstSlotFrom(producerId, this.#slots, this.#end)
    this.#slots.copyWithin(slot + SLOT_BYTES, slot, this.#end)
    this.#end += SLOT_BYTES
    clearSlot(this.#slots, slot, producerId)
    return slot
  }

  /** A sixteenth at a time: the room beyond what is needed counts for every partition. */
  #grow(): void {
    const count = this.#slots.length / SLOT_BYTES
    const grown = Buffer.allocUnsafeSlow((count + Math.max(1, count >> 4)) * SLOT_BYTES)
    this.#slots.copy(grown, 0, 0, this.#end)
    this.#slots = grown
  }

  /** Forgets the producer whose newest batch is the oldest. */
  #evict(): void {
    let oldest = 0
    for (let slot = SLOT_BYTES; slot < this.#end; slot += SLOT_BYTES) {
      if (newestOffsetIn(this.#slots, slot) < newestOffsetIn(this.#slots, oldest)) oldest = slot
    }
    this.#keep((slot) => slot !== oldest)
  }

  #keep(isKept: (slot: number) => boolean): void {
    let end = 0
    for (let slot = 0; slot < this.#end; slot += SLOT_BYTES) {
      if (!isKept(slot)) continue
      if (slot !== end) this.#slots.copyWithin(end, slot, slot + SLOT_BYTES)
      end += SLOT_BYTES
    }
    this.#end = end
  }
}

/** The first slot whose producer id is not below this one; `end` when there is none. */
function firstSlotFrom(producerId: number, slots: Buffer, end: number): number {
  let low = 0
  let high = end / SLOT_BYTES
  while (low < high) {
    const middle = (low + high) >>> 1
    if (producerIdIn(slots, middle * SLOT_BYTES) < producerId) low = middle + 1
    else high = middle
  }
  return low * SLOT_BYTES
}

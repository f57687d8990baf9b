import { BusError } from '@courant/kernel'
import { writeFully } from './file-io.ts'
import { RingCycle, SlabAllocator } from './ring-cycle.ts'
import { type ChangeEntry, ENTRY_HEADER_BYTES, encodeChange, writeAppendHeader } from './ring-entry.ts'
import type { RingFiller } from './ring-filler.ts'
import { payloadBytesMax, REGION_START, type Superblock } from './ring-layout.ts'
import type { StorageFile } from './storage.ts'

/** A cycle and where it lies. */
export interface RingPlace {
  readonly cycle: number
  readonly position: number
}

export interface RingParts {
  readonly file: StorageFile
  readonly superblock: Superblock
  readonly filler: RingFiller
  /** The oldest cycle that is still needed. */
  readonly tail: RingPlace
  /** The next cycle to write. */
  readonly head: RingPlace
  /** A write or a sync failed: nothing that is not yet durable will ever be. */
  readonly onFailure: (error: Error) => void
}

/**
 * A cycle is closed at this size and the next begun. Larger ones would save syncs, but an append
 * waits for all of its cycle.
 */
const CYCLE_PAYLOAD_BYTES = 2 * 1024 * 1024
const QUEUE_BYTES_MAX = 32 * 1024 * 1024

/**
 * The writer of the write-ahead ring. Appends gather in the filling cycle while another is written
 * and synced: one in flight, so that a valid cycle proves that the one before it was synced.
 *
 * Space is given back by `release`, after a checkpoint no longer needs it. When the ring is full the
 * queue waits; when the queue is full, appends are refused.
 */
export class Ring {
  readonly #parts: RingParts
  readonly #allocator = new SlabAllocator()
  readonly #cycleBytesMax: number
  readonly #queue: RingCycle[] = []
  #filling: RingCycle | null = null
  #nextNumber: number
  #head: number
  #tail: RingPlace
  #queuedBytes = 0
  #running: Promise<void> | null = null
  #roomFreed: (() => void) | null = null
  #failure: Error | null = null
  #durableCycle: number
  #syncs = 0
  #bytesWritten = 0

  constructor(parts: RingParts) {
    this.#parts = parts
    this.#nextNumber = parts.head.cycle
    this.#durableCycle = parts.head.cycle - 1
    this.#head = parts.head.position
    this.#tail = parts.tail
    this.#cycleBytesMax = Math.min(CYCLE_PAYLOAD_BYTES, payloadBytesMax(parts.superblock))
  }

  /** The most that one append may carry, in bytes. */
  get appendBytesMax(): number {
    return payloadBytesMax(this.#parts.superblock) - ENTRY_HEADER_BYTES
  }

  /** Number of the newest cycle that is on the disk. */
  get durableCycle(): number {
    return this.#durableCycle
  }

  /** Where the cycle after the newest durable one will be looked for. */
  get durableEnd(): RingPlace {
    return { cycle: this.#durableCycle + 1, position: this.#head }
  }

  get usedBytes(): number {
    if (this.#isEmpty()) return 0
    const distance = this.#head - this.#tail.position
    const { ringBytes } = this.#parts.superblock
    return distance >= 0 && !this.#isWrapped() ? distance : distance + ringBytes - REGION_START
  }

  get capacityBytes(): number {
    return this.#parts.superblock.ringBytes - REGION_START
  }

  get statistics(): { syncs: number; bytesWritten: number; queuedBytes: number } {
    return {
      syncs: this.#syncs,
      bytesWritten: this.#bytesWritten,
      queuedBytes: this.#queuedBytes,
    }
  }

  /**
   * Copies batches into the filling cycle. The returned view is the caller's to stamp now, within
   * this turn of the event loop, and to read as long as it likes.
   */
  append(incarnation: number, batches: Buffer): { view: Buffer; cycle: RingCycle } {
    const bytes = ENTRY_HEADER_BYTES + batches.length
    const cycle = this.#cycleFor(bytes)
    const entry = cycle.addEntry(bytes)
    writeAppendHeader(entry, 0, incarnation, batches.length)
    const view = entry.subarray(ENTRY_HEADER_BYTES)
    view.set(batches)
    return { view, cycle }
  }

  /** Enters another change. Never refused for a full queue: changes are few, and some free space. */
  enter(change: ChangeEntry): RingCycle {
    if (this.#failure !== null) throw offline(this.#failure)
    const encoded = encodeChange(change)
    const cycle = this.#fillingCycle(encoded.length)
    cycle.addEntry(encoded.length).set(encoded)
    return cycle
  }

  /** Everything before `tail` may be overwritten: a synced checkpoint holds it. */
  release(tail: RingPlace): void {
    // A cycle that found an empty ring may lie elsewhere than its checkpoint expected.
    if (tail.cycle !== this.#tail.cycle) this.#tail = tail
    this.#roomFreed?.()
  }

  /** Gives up: what is not durable fails now, and so does every append from now on. */
  abandon(cause: Error): void {
    if (this.#failure !== null) return
    this.#failure = cause
    this.#filling = null
    const error = new BusError('STORAGE_FAILED', 'The disk failed before the append was durable.', {
      cause,
    })
    for (const cycle of this.#queue.splice(0)) cycle.fail(error)
    this.#roomFreed?.()
  }

  /** Resolves when all that was entered is durable, or has failed. */
  async drain(): Promise<void> {
    while (this.#running !== null) await this.#running
  }

  async close(): Promise<void> {
    await this.drain()
    await this.#parts.filler.stop()
    await this.#parts.file.close()
  }

  #cycleFor(bytes: number): RingCycle {
    if (this.#failure !== null) throw offline(this.#failure)
    const queueBytesMax = Math.min(QUEUE_BYTES_MAX, this.capacityBytes / 4)
    if (this.#queuedBytes > 0 && this.#queuedBytes + bytes > queueBytesMax) {
      throw new BusError('BUSY', 'The disk of this broker does not keep up. Try again.')
    }
    return this.#fillingCycle(bytes)
  }

  #fillingCycle(bytes: number): RingCycle {
    const filling = this.#filling
    this.#queuedBytes += bytes
    if (filling !== null && filling.payloadBytes + bytes <= this.#cycleBytesMax) return filling
    const cycle = new RingCycle(this.#nextNumber, this.#allocator)
    this.#nextNumber += 1
    this.#filling = cycle
    this.#queue.push(cycle)
    this.#running ??= this.#run()
    return cycle
  }

  /** Begins in a microtask, so that all appends of one turn share a cycle. */
  async #run(): Promise<void> {
    await Promise.resolve()
    try {
      for (let cycle = this.#queue[0]; cycle !== undefined; cycle = this.#queue[0]) {
        if (cycle === this.#filling) this.#filling = null
        await this.#write(cycle)
        if (this.#failure !== null) break
        this.#queue.shift()
        this.#durableCycle = cycle.number
        this.#queuedBytes -= cycle.payloadBytes
        cycle.succeed()
      }
    } catch (error) {
      const cause = error instanceof Error ? error : new Error(String(error))
      this.abandon(cause)
      this.#parts.onFailure(cause)
    }
    this.#running = null
  }

  async #write(cycle: RingCycle): Promise<void> {
    const { file, superblock, filler } = this.#parts
    const bytes = cycle.bytesOnDisk
    const position = await this.#place(bytes)
    cycle.position = position
    if (this.#isEmpty()) this.#tail = { cycle: cycle.number, position }
    await filler.makeWay(position, bytes)
    await writeFully(file, cycle.seal(superblock.run, superblock.secret), position)
    await file.sync()
    this.#head = position + bytes
    this.#syncs += 1
    this.#bytesWritten += bytes
  }

  async #place(bytes: number): Promise<number> {
    for (;;) {
      if (this.#failure !== null) throw this.#failure
      const position = this.#room(bytes)
      if (position !== null) return position
      await new Promise<void>((resolve) => {
        this.#roomFreed = resolve
      })
      this.#roomFreed = null
    }
  }

  /** Where a cycle of that size fits, or null while the ring is too full. */
  #room(bytes: number): number | null {
    const end = this.#parts.superblock.ringBytes
    if (this.#isEmpty()) return this.#head + bytes <= end ? this.#head : REGION_START
    if (this.#isWrapped()) return this.#head + bytes < this.#tail.position ? this.#head : null
    if (this.#head + bytes <= end) return this.#head
    return REGION_START + bytes < this.#tail.position ? REGION_START : null
  }

  /** The live cycles go on from the start of the region. Equal positions: full would not be equal. */
  #isWrapped(): boolean {
    return this.#head < this.#tail.position
  }

  #isEmpty(): boolean {
    return this.#tail.cycle > this.#durableCycle
  }
}

function offline(cause: Error): BusError {
  return new BusError('STORAGE_OFFLINE', 'The data directory is offline after a disk error.', {
    cause,
  })
}

import { assert, BusError } from '@courant/kernel'
import { writeFully } from '../disk/file-io.ts'
import type { MemoryPool, Slab } from '../memory/memory-pool.ts'
import { SlabAllocator } from '../memory/slab-allocator.ts'
import type { StorageFile } from '../storage.ts'
import { RingCycle } from './ring-cycle.ts'
import { type ChangeEntry, ENTRY_HEADER_BYTES, encodeChange } from './ring-entry.ts'
import { RingEraser } from './ring-eraser.ts'
import type { RingFiller } from './ring-filler.ts'
import { payloadBytesMax, REGION_START, type Superblock } from './ring-layout.ts'
import type { RingPlace, RingPlaces } from './ring-places.ts'

export interface RingParts {
  readonly file: StorageFile
  readonly superblock: Superblock
  readonly filler: RingFiller
  readonly memory: MemoryPool
  /** The live cycles as recovery found them, and the place of the next. */
  readonly places: RingPlaces
  /** A write or a sync failed: nothing that is not yet durable will ever be. */
  readonly onFailure: (error: Error) => void
  /** A cycle became durable, or room is wanted: the moment to think of checkpoints. */
  readonly onProgress: () => void
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
 * Space is given back by `release`, after a checkpoint no longer needs it. When the ring is full
 * the queue waits; when the queue is full, appends are refused.
 */
export class Ring {
  readonly #parts: RingParts
  readonly #allocator: SlabAllocator
  readonly #places: RingPlaces
  readonly #entryBytesMax: number
  readonly #cycleBytesMax: number
  readonly #queueBytesMax: number
  readonly #queue: RingCycle[] = []
  #filling: RingCycle | null = null
  #nextNumber: number
  #queuedBytes = 0
  #running: Promise<void> | null = null
  #roomFreed: (() => void) | null = null
  #failure: Error | null = null
  #eraser: RingEraser | null = null
  #isClosed = false
  #syncs = 0
  #bytesWritten = 0

  constructor(parts: RingParts) {
    this.#parts = parts
    this.#allocator = new SlabAllocator(parts.memory, parts.superblock.ringBytes)
    this.#places = parts.places
    this.#nextNumber = parts.places.end.cycle
    this.#entryBytesMax = payloadBytesMax(parts.superblock.ringBytes)
    this.#cycleBytesMax = Math.min(CYCLE_PAYLOAD_BYTES, this.#entryBytesMax)
    this.#queueBytesMax = Math.min(QUEUE_BYTES_MAX, this.capacityBytes / 4)
  }

  /** Number of the newest cycle that is on the disk. */
  get durableCycle(): number {
    return this.#places.end.cycle - 1
  }

  /** Number of the oldest cycle that is still needed, or of the next when none is. */
  get tailCycle(): number {
    return this.#places.tailCycle
  }

  get usedBytes(): number {
    return this.#places.usedBytes
  }

  get capacityBytes(): number {
    return this.#parts.superblock.ringBytes - REGION_START
  }

  get bytes(): number {
    return this.#parts.superblock.ringBytes
  }

  /** A cycle waits for room. */
  get isFull(): boolean {
    return this.#roomFreed !== null
  }

  /** The slab that holds what the last `append` copied. */
  get slab(): Slab {
    return this.#allocator.slab
  }

  get statistics(): { syncs: number; bytesWritten: number; queuedBytes: number } {
    return { syncs: this.#syncs, bytesWritten: this.#bytesWritten, queuedBytes: this.#queuedBytes }
  }

  /** Where recovery would begin if this cycle were the oldest one needed. */
  placeOf(cycle: number): RingPlace {
    return this.#places.placeOf(cycle)
  }

  /** Settles as that cycle does; one that is not on its way has settled. */
  durabilityOf(cycle: number): Promise<void> {
    return this.#queue.find(({ number }) => number === cycle)?.durable ?? Promise.resolve()
  }

  /** The cycle that takes an append of so many bytes now. Throws BUSY, or what `enter` throws. */
  cycleFor(batchBytes: number): RingCycle {
    const bytes = ENTRY_HEADER_BYTES + batchBytes
    this.#requireOpen()
    if (bytes > this.#entryBytesMax) {
      throw new BusError('RECORD_TOO_LARGE', 'The write-ahead ring of this broker is too small.')
    }
    if (this.#queuedBytes > 0 && this.#queuedBytes + bytes > this.#queueBytesMax) {
      throw new BusError('BUSY', 'The disk of this broker does not keep up. Try again.')
    }
    return this.#fillingCycle(bytes)
  }

  /**
   * Copies batches into the cycle that `cycleFor` gave. The copy lies in `slab` from the returned
   * position: the caller's to stamp within this turn of the event loop, and to read while it holds
   * the slab.
   */
  append(cycle: RingCycle, incarnation: number, batches: Buffer): number {
    assert(cycle === this.#filling, 'appends go to the filling cycle')
    const before = cycle.payloadBytes
    const start = cycle.addAppend(incarnation, batches.length)
    this.#queuedBytes += cycle.payloadBytes - before
    this.#allocator.slab.memory.set(batches, start)
    return start
  }

  /**
   * Enters another change. Never refused for a full queue: changes are few, and some free space.
   */
  enter(change: ChangeEntry): RingCycle {
    this.#requireOpen()
    const encoded = encodeChange(change)
    const cycle = this.#fillingCycle(encoded.length)
    cycle.addEntry(encoded)
    this.#queuedBytes += encoded.length
    return cycle
  }

  /** The cycles before this one may be overwritten: a synced checkpoint holds them. */
  release(tailCycle: number): void {
    this.#places.release(tailCycle)
    this.#roomFreed?.()
  }

  /** Overwrites what earlier laps left, while no cycle waits. Synced when this resolves. */
  async eraseFree(): Promise<void> {
    this.#eraser ??= new RingEraser(this.#parts.file, this.#places)
    this.#running ??= this.#run()
    await this.drain()
  }

  /** Gives up: what is not durable fails now, and so does every append from now on. */
  abandon(cause: Error): void {
    if (this.#failure !== null) return
    this.#failure = cause
    this.#filling = null
    const error = failed(cause)
    for (const cycle of this.#queue.splice(0)) cycle.fail(error)
    this.#roomFreed?.()
  }

  /**
   * Throws STORAGE_FAILED once the disk has failed: memory may be ahead of the files then for good,
   * so nothing may be written that says what they hold.
   */
  requireSound(): void {
    if (this.#failure !== null) throw failed(this.#failure)
  }

  /** Resolves when all that was entered is durable, or has failed. */
  async drain(): Promise<void> {
    while (this.#running !== null) await this.#running
  }

  async close(): Promise<void> {
    this.#isClosed = true
    await this.drain()
    await this.#parts.filler.stop()
    await this.#parts.file.close()
  }

  #requireOpen(): void {
    if (this.#failure !== null) throw offline(this.#failure)
    if (this.#isClosed) throw new BusError('SHUTTING_DOWN', 'The data directory is closed.')
  }

  #fillingCycle(bytes: number): RingCycle {
    const filling = this.#filling
    if (filling !== null && filling.payloadBytes + bytes <= this.#cycleBytesMax) return filling
    const cycle = new RingCycle(this.#nextNumber, this.#allocator)
    this.#nextNumber += 1
    this.#filling = cycle
    this.#queue.push(cycle)
    this.#running ??= this.#run()
    return cycle
  }

  async #run(): Promise<void> {
    try {
      for (;;) {
        await releasedWaiters()
        const [cycle] = this.#queue
        if (this.#failure !== null) break
        if (cycle === undefined) {
          if (this.#eraser === null) break
          if (!(await this.#eraser.step())) this.#eraser = null
          continue
        }
        if (cycle === this.#filling) this.#filling = null
        const position = await this.#write(cycle)
        // Abandoned meanwhile: its waiters have been told, and may have told others.
        if (this.#failure !== null) break
        this.#queue.shift()
        this.#queuedBytes -= cycle.payloadBytes
        this.#syncs += 1
        this.#bytesWritten += cycle.bytesOnDisk
        // In one turn: a checkpoint must not see a cycle as durable whose logs do not know it yet.
        this.#places.add(position, cycle.bytesOnDisk)
        cycle.succeed()
        this.#parts.onProgress()
      }
    } catch (error) {
      const cause = error instanceof Error ? error : new Error(String(error))
      this.abandon(cause)
      this.#parts.onFailure(cause)
    }
    this.#running = null
  }

  /** Where the cycle lies, written and synced. */
  async #write(cycle: RingCycle): Promise<number> {
    const { file, superblock, filler } = this.#parts
    const bytes = cycle.bytesOnDisk
    const position = await this.#place(bytes)
    await filler.makeWay(position, bytes)
    await writeFully(file, cycle.seal(superblock.run, superblock.secret), position)
    await file.sync()
    return position
  }

  async #place(bytes: number): Promise<number> {
    for (;;) {
      if (this.#failure !== null) throw this.#failure
      const position = this.#places.room(bytes)
      if (position !== null) return position
      const { promise, resolve } = Promise.withResolvers<void>()
      this.#roomFreed = resolve
      this.#parts.onProgress()
      await promise
      this.#roomFreed = null
    }
  }
}

/**
 * Lets those whom the last cycle released append again before the next is closed, and all appends
 * of one turn share a cycle: their continuations run some microtasks later.
 */
async function releasedWaiters(): Promise<void> {
  for (let hop = 0; hop < 4; hop += 1) await null
}

function failed(cause: Error): BusError {
  return new BusError('STORAGE_FAILED', 'The disk failed before the change was durable.', { cause })
}

function offline(cause: Error): BusError {
  return new BusError('STORAGE_OFFLINE', 'The data directory is offline after a disk error.', {
    cause,
  })
}

import type { Offset } from '@courant/kernel'
import { crc32c as continueCrc32c } from '@node-rs/crc32'
import {
  BLOCK_BYTES,
  CYCLE_HEADER_BYTES,
  cycleBytesOnDisk,
  writeCycleHeader,
} from './ring-layout.ts'

/** Whoever has entries in a cycle and wants to know when they are on the disk. */
export interface CycleParticipant {
  /** Everything of this participant below `end` is durable. */
  onDurable(end: Offset): void
}

const SLAB_BYTES = 1024 * 1024
const ZEROS = Buffer.alloc(BLOCK_BYTES)

/**
 * Memory for cycles: slabs that consecutive cycles fill densely, because the pending tails of the
 * partitions are views of them, and a slab a cycle would pin a mebibyte for a record at low load.
 *
 * Slabs are left to the garbage collector and never reused by hand: a view may still wait in a
 * socket, and a reused slab would send one tenant the bytes of another.
 */
export class SlabAllocator {
  #slab: Buffer = Buffer.alloc(0)
  #used = 0

  /** Uninitialised bytes. Consecutive calls return adjacent memory while a slab lasts. */
  allocate(bytes: number): Buffer {
    if (bytes > SLAB_BYTES / 2) return Buffer.allocUnsafeSlow(bytes)
    if (this.#used + bytes > this.#slab.length) {
      this.#slab = Buffer.allocUnsafeSlow(SLAB_BYTES)
      this.#used = 0
    }
    const start = this.#used
    this.#used += bytes
    return this.#slab.subarray(start, this.#used)
  }
}

/**
 * One cycle of the ring: filled with entries, then written and synced as a whole. All that is in it
 * becomes durable at one moment.
 */
export class RingCycle {
  readonly number: number
  /** Settles when the cycle is on the disk. A rejection is STORAGE_FAILED: nobody knows. */
  readonly durable: Promise<void>
  /** Where in the ring it lies; known once it is being written. */
  position = 0
  #settle: { resolve: () => void; reject: (error: Error) => void }
  readonly #allocator: SlabAllocator
  readonly #header: Buffer
  readonly #extents: Buffer[] = []
  readonly #participants = new Map<CycleParticipant, Offset>()
  #payloadBytes = 0
  #entryCount = 0

  constructor(number: number, allocator: SlabAllocator) {
    this.number = number
    this.#allocator = allocator
    const { promise, resolve, reject } = Promise.withResolvers<void>()
    this.durable = promise
    // Whoever does not wait must not bring the process down; the directory reports its failure.
    promise.catch(() => undefined)
    this.#settle = { resolve, reject }
    this.#header = allocator.allocate(CYCLE_HEADER_BYTES)
    this.#extents.push(this.#header)
  }

  get payloadBytes(): number {
    return this.#payloadBytes
  }

  get bytesOnDisk(): number {
    return cycleBytesOnDisk(this.#payloadBytes)
  }

  /** Memory for one more entry, which the caller fills at once. */
  addEntry(bytes: number): Buffer {
    const entry = this.#allocator.allocate(bytes)
    this.#payloadBytes += bytes
    this.#entryCount += 1
    this.#appendExtent(entry)
    return entry
  }

  /** Notes that the participant is durable up to `end` once this cycle is. */
  addParticipant(participant: CycleParticipant, end: Offset): void {
    this.#participants.set(participant, end)
  }

  /** The bytes of the cycle, sealed and padded to whole blocks. Called once. */
  seal(run: number, secret: Buffer): Buffer[] {
    const header = {
      payloadBytes: this.#payloadBytes,
      entryCount: this.#entryCount,
      run,
      cycle: this.number,
    }
    writeCycleHeader(this.#header, header, secret)
    this.#header.writeUInt32LE(checksum(this.#extents), 0)
    const padding = this.bytesOnDisk - CYCLE_HEADER_BYTES - this.#payloadBytes
    return padding === 0 ? this.#extents : [...this.#extents, ZEROS.subarray(0, padding)]
  }

  succeed(): void {
    for (const [participant, end] of this.#participants) participant.onDurable(end)
    this.#settle.resolve()
  }

  fail(error: Error): void {
    this.#settle.reject(error)
  }

  /** Joins memory that is adjacent, so that a cycle of many small entries is one write. */
  #appendExtent(entry: Buffer): void {
    const last = this.#extents.at(-1)
    const isAdjacent =
      last !== undefined &&
      last.buffer === entry.buffer &&
      last.byteOffset + last.length === entry.byteOffset
    if (!isAdjacent) {
      this.#extents.push(entry)
      return
    }
    const length = last.length + entry.length
    this.#extents[this.#extents.length - 1] = Buffer.from(entry.buffer, last.byteOffset, length)
  }
}

/** CRC-32C of everything behind the checksum field. */
function checksum(extents: readonly Buffer[]): number {
  const [first, ...rest] = extents
  if (first === undefined) return 0
  return rest.reduce((crc, extent) => continueCrc32c(extent, crc), continueCrc32c(first.subarray(4)))
}

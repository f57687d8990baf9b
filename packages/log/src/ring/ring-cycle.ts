import { crc32c } from '@node-rs/crc32'
import type { Slab } from '../memory/memory-pool.ts'
import type { SlabAllocator } from '../memory/slab-allocator.ts'
import { ENTRY_HEADER_BYTES, growAppend, writeAppendHeader } from './ring-entry.ts'
import {
  BLOCK_BYTES,
  CYCLE_HEADER_BYTES,
  cycleBytesOnDisk,
  writeCycleHeader,
} from './ring-layout.ts'

/** Whoever has entries in a cycle and wants to know when they are on the disk. */
export interface CycleParticipant {
  /** All that it entered up to this cycle is durable. */
  onDurable(cycle: number): void
}

/** Adjacent bytes of one slab. */
interface Extent {
  readonly slab: Slab
  readonly start: number
  end: number
}

const ZEROS = Buffer.alloc(BLOCK_BYTES)
const NONE = -1

/**
 * One cycle of the ring: filled with entries, then written and synced as a whole. All that is in it
 * becomes durable at one moment.
 *
 * Consecutive appends to the same partition grow one entry: a thousand small appends are then one
 * run of batches, in memory, on the way to the segment file and to the readers of the tail.
 */
export class RingCycle {
  readonly number: number
  /** Settles when the cycle is on the disk. A rejection is STORAGE_FAILED: nobody knows. */
  readonly durable: Promise<void>
  readonly #settle: { readonly resolve: () => void; readonly reject: (error: Error) => void }
  readonly #allocator: SlabAllocator
  readonly #extents: Extent[]
  readonly #participants: CycleParticipant[] = []
  #payloadBytes = 0
  #entryCount = 0
  /** The append at the end of the cycle, which may still grow. */
  #growing = NONE
  #growingHeader = 0

  constructor(number: number, allocator: SlabAllocator) {
    this.number = number
    this.#allocator = allocator
    const { promise, resolve, reject } = Promise.withResolvers<void>()
    this.durable = promise
    // Whoever does not wait must not bring the process down; the directory reports its failure.
    promise.catch(() => undefined)
    this.#settle = { resolve, reject }
    this.#extents = []
    this.#extend(CYCLE_HEADER_BYTES)
  }

  get payloadBytes(): number {
    return this.#payloadBytes
  }

  get bytesOnDisk(): number {
    return cycleBytesOnDisk(this.#payloadBytes)
  }

  /** Room for batches, in the allocator's memory from the returned position. Fill it at once. */
  addAppend(incarnation: number, bytes: number): number {
    const allocator = this.#allocator
    if (incarnation === this.#growing && allocator.isAdjacent(bytes)) {
      const start = this.#allocate(bytes)
      growAppend(allocator.slab.memory, this.#growingHeader, bytes)
      return start
    }
    const header = this.#allocate(ENTRY_HEADER_BYTES + bytes)
    this.#entryCount += 1
    this.#growing = incarnation
    this.#growingHeader = header
    writeAppendHeader(allocator.slab.memory, header, incarnation, bytes)
    return header + ENTRY_HEADER_BYTES
  }

  addEntry(entry: Buffer): void {
    const start = this.#allocate(entry.length)
    this.#allocator.slab.memory.set(entry, start)
    this.#entryCount += 1
    this.#growing = NONE
  }

  addParticipant(participant: CycleParticipant): void {
    this.#participants.push(participant)
  }

  /** The bytes of the cycle, sealed and padded to whole blocks. Called once. */
  seal(run: number, secret: Buffer): Buffer[] {
    this.#growing = NONE
    const chunks = this.#extents.map(({ slab, start, end }) => slab.memory.subarray(start, end))
    const [header = ZEROS, ...entries] = chunks
    const first = header.subarray(0, CYCLE_HEADER_BYTES)
    writeCycleHeader(
      first,
      {
        payloadBytes: this.#payloadBytes,
        entryCount: this.#entryCount,
        run,
        cycle: this.number,
      },
      secret,
    )
    const crc = entries.reduce((sum, chunk) => crc32c(chunk, sum), crc32c(header.subarray(4)))
    first.writeUInt32LE(crc, 0)
    const padding = this.bytesOnDisk - CYCLE_HEADER_BYTES - this.#payloadBytes
    if (padding > 0) chunks.push(ZEROS.subarray(0, padding))
    return chunks
  }

  /** It is on the disk. When it is not, its memory is never given back: who knows who reads it. */
  succeed(): void {
    for (const { slab } of this.#extents) slab.release()
    for (const participant of this.#participants) participant.onDurable(this.number)
    this.#settle.resolve()
  }

  fail(error: Error): void {
    this.#settle.reject(error)
  }

  #allocate(bytes: number): number {
    this.#payloadBytes += bytes
    return this.#extend(bytes)
  }

  #extend(bytes: number): number {
    const start = this.#allocator.allocate(bytes)
    const { slab } = this.#allocator
    const last = this.#extents[this.#extents.length - 1]
    if (last !== undefined && last.slab === slab && last.end === start) last.end += bytes
    else {
      slab.hold()
      this.#extents.push({ slab, start, end: start + bytes })
    }
    return start
  }
}

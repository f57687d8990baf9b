import { crc32c } from '@node-rs/crc32'
import type { Slab } from '../memory/memory-pool.ts'
import type { SlabAllocator } from '../memory/slab-allocator.ts'
import { ENTRY_HEADER_BYTES, writeAppendHeader } from './ring-entry.ts'
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

/** The append at the end of a cycle, which may still grow. Its header is written when it has. */
interface GrowingAppend {
  readonly incarnation: number
  readonly memory: Buffer
  readonly header: number
  batchBytes: number
}

const ZEROS = Buffer.alloc(BLOCK_BYTES)

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
  /** The one that is filling. */
  #last: Extent
  readonly #participants: CycleParticipant[] = []
  #payloadBytes = 0
  #entryCount = 0
  #growing: GrowingAppend | null = null

  constructor(number: number, allocator: SlabAllocator) {
    this.number = number
    this.#allocator = allocator
    const { promise, resolve, reject } = Promise.withResolvers<void>()
    this.durable = promise
    // Whoever does not wait must not bring the process down; the directory reports its failure.
    promise.catch(() => undefined)
    this.#settle = { resolve, reject }
    this.#last = this.#newExtent(CYCLE_HEADER_BYTES)
    this.#extents = [this.#last]
  }

  get payloadBytes(): number {
    return this.#payloadBytes
  }

  get bytesOnDisk(): number {
    return cycleBytesOnDisk(this.#payloadBytes)
  }

  /** Room for batches, in the allocator's memory from the returned position. Fill it at once. */
  addAppend(incarnation: number, bytes: number): number {
    const growing = this.#growing
    if (growing !== null && growing.incarnation === incarnation && this.#allocator.grow(bytes)) {
      const start = this.#last.end
      this.#last.end = start + bytes
      growing.batchBytes += bytes
      this.#payloadBytes += bytes
      return start
    }
    this.#endGrowing()
    const header = this.#allocate(ENTRY_HEADER_BYTES + bytes)
    this.#entryCount += 1
    const { memory } = this.#allocator.slab
    this.#growing = { incarnation, memory, header, batchBytes: bytes }
    return header + ENTRY_HEADER_BYTES
  }

  addEntry(entry: Buffer): void {
    this.#endGrowing()
    const start = this.#allocate(entry.length)
    this.#allocator.slab.memory.set(entry, start)
    this.#entryCount += 1
  }

  addParticipant(participant: CycleParticipant): void {
    this.#participants.push(participant)
  }

  /** The bytes of the cycle, sealed and padded to whole blocks. Called once. */
  seal(run: number, secret: Buffer): Buffer[] {
    this.#endGrowing()
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

  #endGrowing(): void {
    if (this.#growing === null) return
    const { incarnation, memory, header, batchBytes } = this.#growing
    writeAppendHeader(memory, header, incarnation, batchBytes)
    this.#growing = null
  }

  #allocate(bytes: number): number {
    this.#payloadBytes += bytes
    const last = this.#last
    if (this.#allocator.grow(bytes)) {
      const start = last.end
      last.end = start + bytes
      return start
    }
    this.#last = this.#newExtent(bytes)
    this.#extents.push(this.#last)
    return this.#last.start
  }

  #newExtent(bytes: number): Extent {
    const start = this.#allocator.allocate(bytes)
    const { slab } = this.#allocator
    slab.hold()
    return { slab, start, end: start + bytes }
  }
}

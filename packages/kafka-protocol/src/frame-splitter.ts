import { BusError, giveBack } from '@courant/kernel'
import { WireReader } from './wire-reader.ts'

const LENGTH_BYTES = 4
/** Memory for a frame in pieces is a few times what has arrived, so that it seldom moves. */
const GROWTH = 4
const MEMORY_BYTES_MIN = 4 * 1024
const NOTHING = Buffer.alloc(0)

/** How long the bytes of a frame are whose they were given to. */
export type FrameUse = 'kept' | 'borrowed' | 'owned'

/**
 * Cuts a byte stream into frames: a 4-byte length and that many bytes. The length is compared with
 * the limit before anything is kept for it. A frame inside one chunk is read where it lies; one
 * that spans several is gathered in memory that grows with the bytes that have arrived, not with
 * those that a length promises, and time is linear however small the chunks are.
 *
 * Of chunks that are lent nothing is kept. Then a frame is either lent as well, reader included,
 * until `onFrame` returns, or `owned`: it lies alone in memory of its own, for its receiver to give
 * back.
 */
export class FrameSplitter {
  /** Of the frame that is being received; the owner may raise or lower it between frames. */
  frameBytesMax: number
  readonly #use: FrameUse
  #memory = NOTHING
  #gathered = 0
  /** Bytes to gather, length prefix included; until the prefix is there, its own size. */
  #wanted = LENGTH_BYTES
  /** The reader of frames that are lent. */
  readonly #lent = new WireReader(NOTHING)

  constructor(frameBytesMax: number, use: FrameUse = 'kept') {
    this.frameBytesMax = frameBytesMax
    this.#use = use
  }

  /** Memory that the frame in progress takes. */
  get heldBytes(): number {
    return this.#memory.length
  }

  /** Calls `onFrame` for each frame that `chunk` completes. Throws BusError for a lying length. */
  push(chunk: Buffer, onFrame: (frame: WireReader) => void): void {
    let position = this.#gathered > 0 ? this.#gather(chunk, 0, onFrame) : 0
    while (chunk.length - position >= LENGTH_BYTES) {
      const end = position + LENGTH_BYTES + this.#checked(chunk.readInt32BE(position))
      if (end > chunk.length) {
        this.#wanted = end - position
        break
      }
      onFrame(this.#frameIn(chunk, position + LENGTH_BYTES, end))
      position = end
    }
    if (position < chunk.length) this.#gather(chunk, position, onFrame)
  }

  /** Adds bytes to the frame in progress until it is complete or `chunk` ends; returns where. */
  #gather(chunk: Buffer, start: number, onFrame: (frame: WireReader) => void): number {
    let position = start
    while (position < chunk.length) {
      const end = Math.min(chunk.length, position + this.#wanted - this.#gathered)
      this.#copy(chunk, position, end)
      position = end
      if (this.#gathered < this.#wanted) return position
      if (this.#wanted > LENGTH_BYTES) {
        this.#complete(onFrame)
        return position
      }
      this.#wanted = LENGTH_BYTES + this.#checked(this.#memory.readInt32BE(0))
    }
    return position
  }

  #copy(chunk: Buffer, start: number, end: number): void {
    const gathered = this.#gathered + end - start
    if (gathered > this.#memory.length) this.#grow(gathered)
    chunk.copy(this.#memory, this.#gathered, start, end)
    this.#gathered = gathered
  }

  #grow(needed: number): void {
    const before = this.#memory
    const bytes = Math.min(this.#wanted, Math.max(MEMORY_BYTES_MIN, needed * GROWTH))
    this.#memory = Buffer.allocUnsafeSlow(bytes)
    before.copy(this.#memory, 0, 0, this.#gathered)
    giveBack(before)
  }

  #complete(onFrame: (frame: WireReader) => void): void {
    const memory = this.#memory
    this.#memory = NOTHING
    this.#gathered = 0
    this.#wanted = LENGTH_BYTES
    if (this.#use !== 'borrowed') {
      onFrame(new WireReader(memory, LENGTH_BYTES))
      return
    }
    onFrame(this.#lent.restart(memory, LENGTH_BYTES, memory.length))
    giveBack(memory)
  }

  /** One that lies in a chunk whole. */
  #frameIn(chunk: Buffer, start: number, end: number): WireReader {
    if (this.#use === 'kept') return new WireReader(chunk, start, end)
    if (this.#use === 'borrowed') return this.#lent.restart(chunk, start, end)
    const memory = Buffer.allocUnsafeSlow(end - start)
    chunk.copy(memory, 0, start, end)
    return new WireReader(memory)
  }

  /** A frame holds at least an API key or a correlation id, so an empty one is a lie, too. */
  #checked(length: number): number {
    if (length >= LENGTH_BYTES && length <= this.frameBytesMax) return length
    throw new BusError(
      'PAYLOAD_TOO_LARGE',
      `A frame has from ${LENGTH_BYTES} to ${this.frameBytesMax} bytes; this one says ${length}.`,
    )
  }
}

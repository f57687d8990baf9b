import { BusError } from '@courant/kernel'
import { WireReader } from './wire-reader.ts'

const LENGTH_BYTES = 4
/** From this many chunks on, small ones are gathered: each costs memory beyond its bytes. */
const CHUNKS_FREE = 64
const CHUNK_BYTES_SMALL = 4 * 1024
const TAIL_BYTES = 16 * 1024

/**
 * Cuts a byte stream into frames: a 4-byte length and that many bytes. The length is compared with
 * the limit before anything is kept for it. A frame inside one chunk is read where it lies; one
 * that spans several is collected as a list and joined once, so memory follows the bytes that have
 * arrived, not those that a length promises, and time is linear however small the chunks are.
 */
export class FrameSplitter {
  /** Of the frame that is being received; the owner may raise or lower it between frames. */
  frameBytesMax: number
  #chunks: Buffer[] = []
  #gathered = 0
  /** Bytes to gather, length prefix included; until the prefix is there, its own size. */
  #wanted = LENGTH_BYTES
  /** Where small chunks are gathered while a peer sends a long frame in crumbs. */
  #tail: Buffer | null = null
  #tailUsed = 0

  constructor(frameBytesMax: number) {
    this.frameBytesMax = frameBytesMax
  }

  /** Calls `onFrame` for each frame that `chunk` completes. Throws BusError for a lying length. */
  push(chunk: Buffer, onFrame: (frame: WireReader) => void): void {
    let position = 0
    if (this.#gathered > 0) {
      position = this.#gather(chunk, 0, onFrame)
      if (this.#gathered > 0) return
    }
    while (chunk.length - position >= LENGTH_BYTES) {
      const end = position + LENGTH_BYTES + this.#checked(chunk.readInt32BE(position))
      if (end > chunk.length) break
      onFrame(new WireReader(chunk, position + LENGTH_BYTES, end))
      position = end
    }
    if (position < chunk.length) this.#gather(chunk, position, onFrame)
  }

  /** Adds bytes to the frame in progress until it is complete or `chunk` ends; returns where. */
  #gather(chunk: Buffer, start: number, onFrame: (frame: WireReader) => void): number {
    let position = start
    while (position < chunk.length) {
      const end = Math.min(chunk.length, position + this.#wanted - this.#gathered)
      this.#keep(chunk.subarray(position, end))
      this.#gathered += end - position
      position = end
      if (this.#gathered < this.#wanted) return position
      if (!this.#prefixComplete()) continue
      this.#complete(onFrame)
      return position
    }
    return position
  }

  #keep(piece: Buffer): void {
    if (this.#chunks.length < CHUNKS_FREE || piece.length > CHUNK_BYTES_SMALL) {
      this.#chunks.push(piece)
      this.#tail = null
      return
    }
    if (this.#tail === null || this.#tailUsed + piece.length > TAIL_BYTES) {
      this.#tail = Buffer.allocUnsafeSlow(TAIL_BYTES)
      this.#tailUsed = 0
      this.#chunks.push(this.#tail)
    }
    piece.copy(this.#tail, this.#tailUsed)
    this.#tailUsed += piece.length
    this.#chunks[this.#chunks.length - 1] = this.#tail.subarray(0, this.#tailUsed)
  }

  /** True when the whole frame is there; the first time, it only learns how long the frame is. */
  #prefixComplete(): boolean {
    if (this.#wanted > LENGTH_BYTES) return true
    const prefix = this.#joined()
    this.#wanted = LENGTH_BYTES + this.#checked(prefix.readInt32BE(0))
    this.#chunks = [prefix]
    return false
  }

  #complete(onFrame: (frame: WireReader) => void): void {
    const frame = new WireReader(this.#joined(), LENGTH_BYTES)
    this.#chunks = []
    this.#gathered = 0
    this.#wanted = LENGTH_BYTES
    this.#tail = null
    onFrame(frame)
  }

  #joined(): Buffer {
    const [first] = this.#chunks
    return this.#chunks.length === 1 && first !== undefined
      ? first
      : Buffer.concat(this.#chunks, this.#gathered)
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

import type { BufferPool } from '../fetch/buffer-pool.ts'

/**
 * A body as it arrives. One piece stays where it is. Of more whose length is known, each is copied
 * to its place when it comes, into memory that the pool has; else they are joined at the end.
 */
export class BodyPieces {
  bytes = 0
  readonly #length: number
  readonly #buffers: BufferPool | undefined
  #pieces: Buffer[] = []
  #whole: Buffer | null = null

  /** `length` is -1 where it is not known. */
  constructor(length: number, buffers: BufferPool | undefined) {
    this.#length = length
    this.#buffers = buffers
  }

  add(piece: Buffer): void {
    if (this.#buffers !== undefined && piece.length < this.#length) {
      this.#whole ??= this.#buffers.take(this.#length)
      piece.copy(this.#whole, this.bytes)
    } else this.#pieces.push(piece)
    this.bytes += piece.length
  }

  joined(): Buffer {
    if (this.#whole !== null) return this.#whole.subarray(0, this.bytes)
    const [first] = this.#pieces
    if (this.#pieces.length === 1 && first !== undefined) return first
    return Buffer.concat(this.#pieces, this.bytes)
  }
}

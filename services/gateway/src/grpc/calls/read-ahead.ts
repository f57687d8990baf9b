/** Bytes that a stream may have received and its method not taken, give or take a message. */
export const AHEAD_BYTES_MAX = 256 * 1024

/**
 * Bounds what one call has received and its method has not taken yet. grpc-js would read sixteen
 * messages ahead, however large they are.
 */
export class ReadAhead {
  readonly #bytesMax: number
  #bytes = 0
  #read: (() => void) | null = null

  constructor(bytesMax: number) {
    this.#bytesMax = bytesMax
  }

  /** Calls `read` now, or as soon as enough has been taken. */
  ask(read: () => void): void {
    if (this.#bytes < this.#bytesMax) read()
    else this.#read = read
  }

  received(bytes: number): void {
    this.#bytes += bytes
  }

  taken(bytes: number): void {
    this.#bytes -= bytes
    const read = this.#read
    if (read === null || this.#bytes >= this.#bytesMax) return
    this.#read = null
    read()
  }
}

import { closeSync, fdatasync, ftruncateSync, openSync, write, writeSync } from 'node:fs'

/**
 * A file as the limits use it: Node's callback calls, which cost less than the promise ones, and
 * nothing around them. What our engine does on top of this is what its ratio shows.
 */
export class PositionedFile {
  readonly #descriptor: number

  constructor(path: string) {
    this.#descriptor = openSync(path, 'w+')
  }

  /** Fills the file, so that later writes allocate no blocks: what a recycled ring gains. */
  fill(bytes: number): void {
    const zeros = Buffer.alloc(1 << 20)
    for (let at = 0; at < bytes; at += zeros.length) {
      writeSync(this.#descriptor, zeros, 0, Math.min(zeros.length, bytes - at), at)
    }
  }

  write(bytes: Uint8Array, position: number): Promise<void> {
    return new Promise((resolve, reject) => {
      write(this.#descriptor, bytes, 0, bytes.length, position, (error, written) => {
        if (error !== null) reject(error)
        else if (written !== bytes.length) reject(new Error('short write'))
        else resolve()
      })
    })
  }

  sync(): Promise<void> {
    return new Promise((resolve, reject) => {
      fdatasync(this.#descriptor, (error) => (error === null ? resolve() : reject(error)))
    })
  }

  empty(): void {
    ftruncateSync(this.#descriptor, 0)
  }

  close(): void {
    closeSync(this.#descriptor)
  }
}

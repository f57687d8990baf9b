import type { AnswerParser } from './pipeline.ts'

const PREFIX_BYTES = 4
/** As much of a frame as is looked at: the headers and the error codes of an answer. */
const HEAD_BYTES_MAX = 96

/**
 * Counts frames with a 4-byte length, without keeping them. Bytes at `mustBeZero` (positions in the
 * frame, error codes as a rule) are checked in each, so that refusals cannot pass for speed.
 */
export class FrameParser implements AnswerParser {
  readonly #mustBeZero: readonly number[]
  readonly #head = Buffer.alloc(HEAD_BYTES_MAX)
  /** Of the present frame, prefix included. */
  #received = 0
  #frameBytes = 0
  #skip: 'next' | 'none'
  bodyBytes = 0

  /** `after handshake`: the first frame answers the handshake, and does not count. */
  constructor(mustBeZero: readonly number[], from: 'the first' | 'after handshake' = 'the first') {
    this.#mustBeZero = mustBeZero
    this.#skip = from === 'the first' ? 'none' : 'next'
  }

  read(bytes: Buffer): number {
    let ended = 0
    for (let at = 0; at < bytes.length; ) {
      const wanted = this.#received < PREFIX_BYTES ? PREFIX_BYTES : PREFIX_BYTES + this.#frameBytes
      const taken = Math.min(wanted - this.#received, bytes.length - at)
      if (this.#received < HEAD_BYTES_MAX) bytes.copy(this.#head, this.#received, at, at + taken)
      this.#received += taken
      at += taken
      if (this.#received === PREFIX_BYTES) this.#frameBytes = this.#head.readUInt32BE(0)
      if (this.#received === PREFIX_BYTES + this.#frameBytes && this.#received > PREFIX_BYTES) {
        this.#received = 0
        if (this.#skip === 'next') {
          this.#skip = 'none'
          continue
        }
        this.#check()
        this.bodyBytes += this.#frameBytes
        ended++
      }
    }
    return ended
  }

  #check(): void {
    for (const position of this.#mustBeZero) {
      if (this.#head[PREFIX_BYTES + position] !== 0) {
        throw new Error(`the server has refused: ${this.#head.toString('hex')}`)
      }
    }
  }
}

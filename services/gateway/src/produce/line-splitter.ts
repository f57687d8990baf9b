import { BusError, limits } from '@courant/kernel'

const LINE_FEED = 0x0a
const CARRIAGE_RETURN = 0x0d

/**
 * Cuts a stream of bytes into lines. A line lies in the chunk it came with, unless it spans
 * several: then its pieces are kept in a list and joined once, and they are bounded before they are
 * kept.
 */
export class LineSplitter {
  #pieces: Buffer[] = []
  #pieceBytes = 0

  /** Bytes of a line that has not ended yet. */
  get heldBytes(): number {
    return this.#pieceBytes
  }

  /** The lines that end in `chunk`, without their ends. Empty ones are left out. */
  push(chunk: Buffer): Buffer[] {
    const lines: Buffer[] = []
    let start = 0
    let end = chunk.indexOf(LINE_FEED)
    while (end !== -1) {
      if (end > start || this.#pieceBytes > 0) lines.push(this.#line(chunk.subarray(start, end)))
      start = end + 1
      end = chunk.indexOf(LINE_FEED, start)
    }
    if (start < chunk.length) this.#keep(chunk.subarray(start))
    return lines
  }

  /** What follows the last line end; null when nothing does. */
  end(): Buffer | null {
    return this.#pieceBytes === 0 ? null : this.#line(NOTHING)
  }

  #line(last: Buffer): Buffer {
    let line = last
    if (this.#pieceBytes > 0) {
      this.#keep(last)
      line = Buffer.concat(this.#pieces, this.#pieceBytes)
      this.#pieces = []
      this.#pieceBytes = 0
    }
    if (line.length > limits.lineBytesMax) throw tooLong()
    return line.at(-1) === CARRIAGE_RETURN ? line.subarray(0, -1) : line
  }

  #keep(piece: Buffer): void {
    this.#pieceBytes += piece.length
    if (this.#pieceBytes > limits.lineBytesMax) throw tooLong()
    this.#pieces.push(piece)
  }
}

const NOTHING = Buffer.alloc(0)

function tooLong(): BusError {
  return new BusError('PAYLOAD_TOO_LARGE', `A line has at most ${limits.lineBytesMax} bytes.`)
}

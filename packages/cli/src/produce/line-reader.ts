/** A line of the input. `text` is null where the line is too long to be a record. */
export interface InputLine {
  /** 1-based. */
  readonly number: number
  readonly bytes: Buffer | null
}

const LINE_FEED = 0x0a

/**
 * Cuts chunks into lines. A line beyond the limit is not kept but counted, so that input without
 * line ends costs no memory.
 */
export class LineReader {
  readonly #bytesMax: number
  #held: Buffer[] = []
  #heldBytes = 0
  #number = 1

  constructor(bytesMax: number) {
    this.#bytesMax = bytesMax
  }

  /** The lines that end in this chunk. They share its memory. */
  push(chunk: Buffer): InputLine[] {
    const lines: InputLine[] = []
    let start = 0
    for (let end = chunk.indexOf(LINE_FEED); end >= 0; end = chunk.indexOf(LINE_FEED, start)) {
      this.#hold(chunk.subarray(start, end))
      lines.push(this.#take())
      start = end + 1
    }
    if (start < chunk.length) this.#hold(chunk.subarray(start))
    return lines
  }

  /** The last line, if the input did not end with a line end. */
  end(): InputLine | null {
    return this.#heldBytes === 0 ? null : this.#take()
  }

  #hold(part: Buffer): void {
    this.#heldBytes += part.length
    if (this.#heldBytes > this.#bytesMax) this.#held = []
    else this.#held.push(part)
  }

  #take(): InputLine {
    const isTooLong = this.#heldBytes > this.#bytesMax
    const [only] = this.#held
    const bytes = this.#held.length === 1 && only ? only : Buffer.concat(this.#held)
    const line = { number: this.#number, bytes: isTooLong ? null : bytes }
    this.#number += 1
    this.#held = []
    this.#heldBytes = 0
    return line
  }
}

/**
 * Finds the line of a result. The server counts the records that it was sent; lines that were not
 * sent lie between them, and only where they lie is remembered, until the results are past.
 */
export class LineNumbers {
  /** From `index` on, lines are `ahead` further than indexes. In order. */
  readonly #shifts: { readonly index: number; readonly ahead: number }[] = []
  #ahead = 1
  #sent = 0

  /** The record of this line is the next that is sent. */
  sent(lineNumber: number): void {
    const ahead = lineNumber - this.#sent
    if (ahead !== this.#ahead || this.#shifts.length === 0) {
      this.#shifts.push({ index: this.#sent, ahead })
      this.#ahead = ahead
    }
    this.#sent += 1
  }

  get sentCount(): number {
    return this.#sent
  }

  /** 1-based line of a record. Ask in the order of the indexes. */
  lineOf(index: number): number {
    while ((this.#shifts[1]?.index ?? Number.POSITIVE_INFINITY) <= index) this.#shifts.shift()
    return index + (this.#shifts[0]?.ahead ?? 1)
  }
}

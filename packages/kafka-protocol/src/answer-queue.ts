import type { AnyExchange } from './exchange.ts'
import type { AnswerOrder } from './request-pipeline.ts'
import type { WireWriter } from './wire-writer.ts'

/**
 * The exchanges of one connection that are not answered yet, and the order of their answers. In
 * order, an answer that is ready early waits for those before it; in any order it goes at once.
 */
export class AnswerQueue {
  #order: AnswerOrder = 'in-order'
  /** By arrival; those before `#head` are written. Empty while answers may overtake. */
  #ordered: AnyExchange[] = []
  #head = 0
  #count = 0
  #bytes = 0

  /** Exchanges that wait for their handler. */
  get count(): number {
    return this.#count
  }

  /** Bytes of the requests that wait for their handler. */
  get bytes(): number {
    return this.#bytes
  }

  add(exchange: AnyExchange): void {
    this.#count += 1
    this.#bytes += exchange.size
    if (this.#order === 'in-order') this.#ordered.push(exchange)
  }

  /** Writes what may be written now that the exchange has its answer. */
  answered(exchange: AnyExchange, writer: WireWriter): void {
    this.#count -= 1
    this.#bytes -= exchange.size
    if (this.#order === 'any-order') exchange.write(writer)
    else this.#writeHead(writer)
  }

  /** From now on answers may overtake each other; those that waited for their turn go. */
  allowOvertaking(writer: WireWriter): void {
    this.#order = 'any-order'
    for (const exchange of this.#ordered.slice(this.#head)) {
      if (!exchange.isWaiting) exchange.write(writer)
    }
    this.#ordered = []
    this.#head = 0
  }

  #writeHead(writer: WireWriter): void {
    let exchange = this.#ordered[this.#head]
    while (exchange !== undefined && !exchange.isWaiting) {
      exchange.write(writer)
      this.#head += 1
      exchange = this.#ordered[this.#head]
    }
    if (this.#head < this.#ordered.length / 2) return
    this.#ordered = this.#ordered.slice(this.#head)
    this.#head = 0
  }
}

import type { AnyExchange } from './exchange.ts'
import type { RequestBudget } from './request-budget.ts'
import type { AnswerOrder } from './request-pipeline.ts'
import type { WireWriter } from './wire-writer.ts'

/**
 * The exchanges of one connection that are not answered yet, and the order of their answers. In
 * order, an answer that is ready early waits for those before it; in any order it goes at once.
 */
export class AnswerQueue {
  readonly #budget: RequestBudget
  #order: AnswerOrder = 'in-order'
  /** By arrival; those before `#head` are written. Empty while answers may overtake. */
  #ordered: AnyExchange[] = []
  #head = 0
  #count = 0
  #bytes = 0
  #heldBytes = 0

  constructor(budget: RequestBudget) {
    this.#budget = budget
  }

  /** Exchanges whose answer is not written yet. */
  get count(): number {
    return this.#count
  }

  /** Bytes of the requests of these. */
  get bytes(): number {
    return this.#bytes
  }

  /** Bytes of answers that wait for their turn. */
  get heldBytes(): number {
    return this.#heldBytes
  }

  /** Whether the answer would leave at once. */
  isNext(exchange: AnyExchange): boolean {
    return this.#order === 'any-order' || this.#ordered[this.#head] === exchange
  }

  add(exchange: AnyExchange): void {
    this.#count += 1
    this.#bytes += exchange.size
    this.#budget.take(exchange.size)
    if (this.#order === 'in-order') this.#ordered.push(exchange)
  }

  /** Writes what may be written now that the exchange has its answer. */
  answered(exchange: AnyExchange, writer: WireWriter): void {
    if (this.#order === 'any-order') this.#write(exchange, writer)
    else {
      this.#heldBytes += exchange.payloadBytes
      this.#writeHead(writer)
    }
  }

  /** From now on answers may overtake each other; those that waited for their turn go. */
  allowOvertaking(writer: WireWriter): void {
    this.#order = 'any-order'
    for (const exchange of this.#ordered.slice(this.#head)) {
      if (!exchange.isWaiting) this.#write(exchange, writer)
    }
    this.#ordered = []
    this.#head = 0
    this.#heldBytes = 0
  }

  /** The connection is gone: nothing here will be written any more. */
  abandon(): void {
    this.#budget.give(this.#bytes)
    this.#bytes = 0
    this.#count = 0
    this.#ordered = []
    this.#head = 0
    this.#heldBytes = 0
  }

  #writeHead(writer: WireWriter): void {
    let exchange = this.#ordered[this.#head]
    while (exchange !== undefined && !exchange.isWaiting) {
      this.#heldBytes -= exchange.payloadBytes
      this.#write(exchange, writer)
      this.#head += 1
      exchange = this.#ordered[this.#head]
    }
    if (this.#head < this.#ordered.length / 2) return
    this.#ordered = this.#ordered.slice(this.#head)
    this.#head = 0
  }

  #write(exchange: AnyExchange, writer: WireWriter): void {
    this.#count -= 1
    this.#bytes -= exchange.size
    this.#budget.give(exchange.size)
    exchange.write(writer)
  }
}

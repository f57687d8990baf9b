import type { ReadHold } from '../../fetch/read-hold.ts'
import type { Respond } from '../calls/methods.ts'

/** An answer lies in memory twice: as we made it, and in the frame that grpc-js copies it into. */
const COPIES = 2

/**
 * Sends the answers of one stream, two at a time at most: while one is on its way the next is made.
 * A reader who does not read is waited for, and its tenant's memory holds what it has not taken.
 */
export class AnswerSender {
  readonly #respond: Respond
  readonly #hold: ReadHold
  #sending: Promise<void> = Promise.resolve()

  constructor(respond: Respond, hold: ReadHold) {
    this.#respond = respond
    this.#hold = hold
  }

  /** Resolves when all answers before this one have been sent. */
  async send(answer: Buffer): Promise<void> {
    const bytes = COPIES * answer.length
    this.#hold.set(this.#hold.bytes + bytes)
    await this.#sending
    this.#sending = this.#respond(answer).then(() => this.#hold.set(this.#hold.bytes - bytes))
  }

  /** Resolves when all have been sent. */
  sent(): Promise<void> {
    return this.#sending
  }
}

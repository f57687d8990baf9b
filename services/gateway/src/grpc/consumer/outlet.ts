import { ConsumeResponse } from '@courant/api/v1/consumer_service'
import type { Clock } from '@courant/kernel'
import type { ReadHold } from '../../fetch/read-hold.ts'
import type { Respond } from '../calls/methods.ts'

/** A response lies in memory twice: as we made it, and in the frame that grpc-js copies it into. */
const COPIES = 2

/**
 * The way out of a stream that several write to: responses leave in the order in which they are
 * sent. Who has sent something waits for room before it makes the next: at most two responses of
 * each are under way to a member that does not read, in its tenant's memory.
 */
export class Outlet {
  readonly #respond: Respond
  readonly #hold: ReadHold
  readonly #clock: Clock
  readonly #stopped: AbortSignal
  #waiting: (() => void)[] = []
  #underWay = 0
  /** When the last one was sent, on the monotonic clock. */
  sentAtMs: number

  constructor(respond: Respond, hold: ReadHold, clock: Clock, stopped: AbortSignal) {
    this.#respond = respond
    this.#hold = hold
    this.#clock = clock
    this.#stopped = stopped
    this.sentAtMs = clock.monotonicMs()
    stopped.addEventListener('abort', () => this.#wake(), { once: true })
  }

  /** Resolves when there is room for another one, or the stream is to end. */
  send(response: ConsumeResponse['response']): Promise<void> {
    return this.sendEncoded(Buffer.from(ConsumeResponse.encode({ response }).finish()))
  }

  /** `response` is of type ConsumeResponse. */
  async sendEncoded(response: Buffer): Promise<void> {
    const bytes = COPIES * response.length
    this.#hold.set(this.#hold.bytes + bytes)
    this.#underWay += 1
    this.sentAtMs = this.#clock.monotonicMs()
    void this.#respond(response).then(() => {
      this.#hold.set(this.#hold.bytes - bytes)
      this.#underWay -= 1
      this.#wake()
    })
    while (this.#underWay > 1 && !this.#stopped.aborted) {
      await new Promise<void>((resolve) => this.#waiting.push(resolve))
    }
  }

  #wake(): void {
    const waiting = this.#waiting
    this.#waiting = []
    for (const resolve of waiting) resolve()
  }
}

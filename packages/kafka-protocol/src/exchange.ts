import { assert } from '@courant/kernel'
import type { Api } from './api.ts'
import { writeResponseHeader } from './headers.ts'
import type { FrameContent, WireWriter } from './wire-writer.ts'

/** What a handler may know of the connection that a request came on. */
export interface Peer {
  readonly remoteAddress: string
  /** False once the connection is gone: whoever waits on the client's behalf gives up. */
  readonly isOpen: boolean
  /**
   * Calls back once, when more of its exchanges may have become `isTaken`, and never when the
   * client goes away instead.
   */
  whenTaken(callback: () => void): void
}

/** The connection as its exchanges see it. */
export interface ExchangeOwner extends Peer {
  takes(exchange: AnyExchange): boolean
  /** Calls back when all that is written to this connection so far has left it. */
  whenSent(callback: () => void): void
  answered(exchange: AnyExchange): void
  /** The client has sent ApiVersions, and may have asked for answers in any order. */
  shookHands(answersMayOvertake: boolean): void
}

export interface ExchangeHeader {
  readonly apiVersion: number
  readonly correlationId: number
  readonly clientId: string | null
  /** Bytes of the request's frame. */
  readonly size: number
}

/** An exchange where the messages do not matter. */
export type AnyExchange = Pick<Exchange<never>, 'isWaiting' | 'size' | 'payloadBytes' | 'write'>

/** One request and its answer, on the server's side. States: waiting → answered or skipped. */
export class Exchange<ResponseInput> implements FrameContent {
  readonly apiVersion: number
  readonly clientId: string | null
  readonly size: number
  readonly #api: Api<unknown, never, unknown, ResponseInput>
  readonly #correlationId: number
  readonly #owner: ExchangeOwner
  #state: 'waiting' | 'answered' | 'skipped' = 'waiting'
  #response: ResponseInput | null = null
  #payloadBytes = 0
  #onSent: (() => void) | null = null

  constructor(
    api: Api<unknown, never, unknown, ResponseInput>,
    header: ExchangeHeader,
    owner: ExchangeOwner,
  ) {
    this.#api = api
    this.apiVersion = header.apiVersion
    this.clientId = header.clientId
    this.size = header.size
    this.#correlationId = header.correlationId
    this.#owner = owner
  }

  get peer(): Peer {
    return this.#owner
  }

  protected get owner(): ExchangeOwner {
    return this.#owner
  }

  get isWaiting(): boolean {
    return this.#state === 'waiting'
  }

  /**
   * False while an answer could not leave: the client does not read, or too much waits already for
   * answers before this one. A large answer should not be prepared until then.
   */
  get isTaken(): boolean {
    return this.#owner.takes(this)
  }

  /** Bytes that the answer holds in memory beyond its own few. */
  get payloadBytes(): number {
    return this.#payloadBytes
  }

  /**
   * Sends the answer, now or when its turn comes. Nothing happens if the client is gone.
   * `payloadBytes`: what a large answer holds in memory while it waits for its turn. `onSent` is
   * called when nobody looks at that memory any more, and never when the client is gone before.
   */
  respond(response: ResponseInput, payloadBytes = 0, onSent: (() => void) | null = null): void {
    assert(this.#state === 'waiting', 'a request is answered once')
    this.#state = 'answered'
    this.#payloadBytes = payloadBytes
    this.#onSent = onSent
    this.#response = response
    this.#owner.answered(this)
  }

  /** Ends the exchange without an answer, as Produce with acks 0 wants it. */
  skip(): void {
    assert(this.#state === 'waiting', 'a request is answered once')
    this.#state = 'skipped'
    this.#owner.answered(this)
  }

  /** Writes the frame of the answer, if there is to be one. */
  write(writer: WireWriter): void {
    if (this.#response === null) return
    writer.frameOf(this)
    if (this.#onSent !== null) this.#owner.whenSent(this.#onSent)
  }

  /** For `write`: the frame without its length. */
  encode(writer: WireWriter): void {
    const response = this.#response
    assert(response !== null, 'an answer is written once')
    this.#response = null
    writeResponseHeader(writer, this.#api, this.apiVersion, this.#correlationId)
    this.#api.encodeResponse(writer, this.apiVersion, response)
  }
}

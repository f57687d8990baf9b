import { assert } from '@courant/kernel'
import type { Api } from './api.ts'
import { writeResponseHeader } from './headers.ts'
import type { WireWriter } from './wire-writer.ts'

/** What a handler may know of the connection that a request came on. */
export interface Peer {
  readonly remoteAddress: string
  /** False once the connection is gone: whoever waits on the client's behalf gives up. */
  readonly isOpen: boolean
  /** False while the client does not take its answers: no further ones should be prepared. */
  readonly isWritable: boolean
  /** Calls back once the client takes answers again, and never when it goes away instead. */
  whenWritable(callback: () => void): void
}

/** The connection as its exchanges see it. */
export interface ExchangeOwner extends Peer {
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
export type AnyExchange = Pick<Exchange<never>, 'isWaiting' | 'size' | 'write'>

/** One request and its answer, on the server's side. States: waiting → answered or skipped. */
export class Exchange<ResponseInput> {
  readonly apiVersion: number
  readonly clientId: string | null
  readonly size: number
  readonly #api: Api<unknown, never, unknown, ResponseInput>
  readonly #correlationId: number
  readonly #owner: ExchangeOwner
  #state: 'waiting' | 'answered' | 'skipped' = 'waiting'
  #response: ResponseInput | null = null

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

  get isWaiting(): boolean {
    return this.#state === 'waiting'
  }

  /** Sends the answer, now or when its turn comes. Nothing happens if the client is gone. */
  respond(response: ResponseInput): void {
    assert(this.#state === 'waiting', 'a request is answered once')
    this.#state = 'answered'
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
    const response = this.#response
    if (response === null) return
    this.#response = null
    writer.frame(() => {
      writeResponseHeader(writer, this.#api, this.apiVersion, this.#correlationId)
      this.#api.encodeResponse(writer, this.apiVersion, response)
    })
  }
}

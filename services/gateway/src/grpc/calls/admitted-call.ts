import {
  type Responder,
  ServerInterceptingCall,
  type ServerInterceptingCallInterface,
} from '@grpc/grpc-js'
import type { ReadAhead } from './read-ahead.ts'

/** A call whose messages are read as its method takes them. */
export class AdmittedCall extends ServerInterceptingCall {
  readonly #readAhead: ReadAhead

  constructor(call: ServerInterceptingCallInterface, responder: Responder, readAhead: ReadAhead) {
    super(call, responder)
    this.#readAhead = readAhead
  }

  override startRead(): void {
    this.#readAhead.ask(() => super.startRead())
  }
}

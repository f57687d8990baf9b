import { giveBack } from '@courant/kernel'

/**
 * A message as grpc-js asks for its bytes. It copies them into a frame that it makes, and leaves
 * that to the collector; a frame of a megabyte is worth the two lines that give it back.
 */
export class FramedMessage {
  readonly byteLength: number
  readonly #message: Buffer
  #frame: Buffer | null = null

  constructor(message: Buffer) {
    this.#message = message
    this.byteLength = message.length
  }

  copy(target: Buffer, targetStart: number): number {
    this.#frame = target
    return this.#message.copy(target, targetStart)
  }

  /** The frame has left: nobody looks at it any more. */
  sent(): void {
    if (this.#frame !== null) giveBack(this.#frame)
    this.#frame = null
  }
}

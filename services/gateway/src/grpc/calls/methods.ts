import type { CallContext } from './call-context.ts'

/**
 * Methods take and give encoded messages: what is decoded how is theirs to choose, because for
 * records the generated codecs would cost more than all the rest. An answer's memory is the buffer
 * pool's, which has it back when the answer has been sent.
 */
export type UnaryMethod = (message: Buffer, context: CallContext) => Promise<Uint8Array>

/** Resolves when the answer has been sent, or nobody reads it. */
export type Respond = (answer: Uint8Array) => Promise<void>

/** Resolves when the call is over. */
export type ServerStreamMethod = (
  message: Buffer,
  respond: Respond,
  context: CallContext,
) => Promise<void>

/** Requests are read one at a time, as they are asked for. */
export type DuplexMethod = (
  requests: AsyncIterable<Buffer>,
  respond: Respond,
  context: CallContext,
) => Promise<void>

interface Shape {
  readonly requestStream: boolean
  readonly responseStream: boolean
}

/** The form of each method of a generated service definition: a forgotten one does not compile. */
export type MethodsOf<Service extends Readonly<Record<string, Shape>>> = {
  readonly [Name in keyof Service]: Service[Name]['requestStream'] extends true
    ? DuplexMethod
    : Service[Name]['responseStream'] extends true
      ? ServerStreamMethod
      : UnaryMethod
}

/** The server's side of a call: an async function in, a handler of grpc-js out. */
import { BusError } from '@courant/kernel'
import type {
  handleServerStreamingCall,
  handleUnaryCall,
  Metadata,
  ServerWritableStream,
} from '@grpc/grpc-js'
import { REQUEST_ID } from './client-call.ts'
import { statusOf } from './status.ts'

/** What a handler knows of its call besides the request. */
export interface CallContext {
  /** The caller's id for its request, for the log; empty if it sent none. */
  readonly requestId: string
  /** Aborts when the caller went away or its deadline passed: nobody will read the answer. */
  readonly signal: AbortSignal
}

/** Told of every failure before it is answered. */
export type OnCallError = (error: BusError, context: CallContext) => void

/**
 * A unary handler. A thrown BusError becomes its status; anything else INTERNAL, told to `onError`.
 */
export function unaryHandler<Request, Response>(
  handle: (request: Request, context: CallContext) => Promise<Response>,
  onError: OnCallError,
): handleUnaryCall<Request, Response> {
  return (call, callback) => {
    const context = contextOf(call)
    handle(call.request, context).then(
      (response) => callback(null, response),
      (thrown: unknown) => callback(failure(thrown, context, onError)),
    )
  }
}

/**
 * A handler whose answers come from an async iterable. A slow reader holds the iterable back: the
 * next value is not asked for until the last one has left. The iterable is ended by `return` when
 * the caller goes away, also in the middle of a wait if it heeds `context.signal`.
 */
export function streamHandler<Request, Response>(
  handle: (request: Request, context: CallContext) => AsyncIterable<Response>,
  onError: OnCallError,
): handleServerStreamingCall<Request, Response> {
  return (call) => {
    const context = contextOf(call)
    sendAll(call, handle(call.request, context), context).then(
      () => call.end(),
      (thrown: unknown) => {
        const status = failure(thrown, context, onError)
        // Not `destroy`: grpc-js sends the status from `end`, which a destroyed stream never does.
        if (!context.signal.aborted) call.emit('error', status)
      },
    )
  }
}

async function sendAll<Request, Response>(
  call: ServerWritableStream<Request, Response>,
  responses: AsyncIterable<Response>,
  { signal }: CallContext,
): Promise<void> {
  for await (const response of responses) {
    if (signal.aborted) return
    if (!call.write(response)) await drained(call, signal)
  }
}

function drained(call: ServerWritableStream<unknown, unknown>, signal: AbortSignal): Promise<void> {
  return new Promise((resolve) => {
    const finish = (): void => {
      call.removeListener('drain', finish)
      signal.removeEventListener('abort', finish)
      resolve()
    }
    call.once('drain', finish)
    signal.addEventListener('abort', finish, { once: true })
    if (signal.aborted) finish()
  })
}

function contextOf(call: {
  readonly metadata: Metadata
  once(event: 'cancelled', listener: () => void): unknown
}): CallContext {
  const controller = new AbortController()
  call.once('cancelled', () => controller.abort())
  return { requestId: requestIdOf(call.metadata), signal: controller.signal }
}

function requestIdOf(metadata: Metadata): string {
  const [value] = metadata.get(REQUEST_ID)
  return typeof value === 'string' ? value : ''
}

function failure(
  thrown: unknown,
  context: CallContext,
  onError: OnCallError,
): Error & ReturnType<typeof statusOf> {
  const error = BusError.from(thrown)
  onError(error, context)
  const requestId = context.requestId === '' ? undefined : context.requestId
  return Object.assign(new Error(error.code), statusOf(error, requestId))
}

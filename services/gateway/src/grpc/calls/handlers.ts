/** Methods as grpc-js calls them. */
import type { Readable } from 'node:stream'
import { statusOf } from '@courant/api'
import { BusError } from '@courant/kernel'
import type {
  handleBidiStreamingCall,
  handleServerStreamingCall,
  handleUnaryCall,
  ServiceError,
} from '@grpc/grpc-js'
import type { BufferPool } from '../../fetch/buffer-pool.ts'
import { withRetryAfter } from '../../http/problem.ts'
import type { AdmittedCalls, CallContext } from './call-context.ts'
import { FramedMessage } from './framed-message.ts'
import { http2StreamOf } from './http2-stream-of.ts'
import type { DuplexMethod, Respond, ServerStreamMethod, UnaryMethod } from './methods.ts'

export interface HandlerParts {
  readonly admitted: AdmittedCalls
  readonly buffers: BufferPool
  /** Told of every failure before it is answered. */
  readonly onError: (error: BusError, requestId: string) => void
}

export function unaryHandler(
  method: UnaryMethod,
  parts: HandlerParts,
): handleUnaryCall<Buffer, Uint8Array> {
  return (call, callback) => {
    const context = parts.admitted.contextOf(call)
    if (context === null) return callback(failureOf(unadmitted(), '', parts))
    method(call.request, context).then(
      (answer) => {
        callback(null, answer)
        // grpc-js has copied it into a frame by now.
        parts.buffers.give(answer as Buffer)
      },
      (thrown: unknown) => callback(failureOf(thrown, context.requestId, parts)),
    )
  }
}

export function serverStreamHandler(
  method: ServerStreamMethod,
  parts: HandlerParts,
): handleServerStreamingCall<Buffer, FramedMessage> {
  return (call) => {
    const context = parts.admitted.contextOf(call)
    if (context === null) return void call.emit('error', failureOf(unadmitted(), '', parts))
    const respond = responder(call, context, parts.buffers)
    method(call.request, respond, context).then(
      () => call.end(),
      (thrown: unknown) => call.emit('error', failureOf(thrown, context.requestId, parts)),
    )
  }
}

export function duplexHandler(
  method: DuplexMethod,
  parts: HandlerParts,
): handleBidiStreamingCall<Buffer, FramedMessage> {
  return (call) => {
    const context = parts.admitted.contextOf(call)
    if (context === null) return void call.emit('error', failureOf(unadmitted(), '', parts))
    const respond = responder(call, context, parts.buffers)
    method(taken(call, context), respond, context).then(
      () => call.end(),
      (thrown: unknown) => call.emit('error', failureOf(thrown, context.requestId, parts)),
    )
  }
}

/**
 * The requests of a stream, until it is half-closed or cancelled. More are read as these are taken.
 * Not by the stream's own iterator: at the error event that is to send a status, that one destroys
 * the stream, and with answers still on their way the status would never be sent.
 */
async function* taken(
  requests: Readable,
  { readAhead }: CallContext,
): AsyncGenerator<Buffer, void, undefined> {
  let wake = (): void => {}
  for (const event of ['readable', 'end', 'close']) requests.on(event, () => wake())
  while (!requests.readableEnded && !requests.destroyed) {
    const request: Buffer | null = requests.read()
    if (request === null) {
      await new Promise<void>((resolve) => {
        wake = resolve
      })
    } else {
      readAhead.taken(request.length)
      yield request
    }
  }
}

interface Writes {
  write(message: FramedMessage, callback: () => void): boolean
}

function responder(call: Writes, { signal }: CallContext, buffers: BufferPool): Respond {
  const stream = http2StreamOf(call)
  return (answer) =>
    new Promise((resolve) => {
      if (signal.aborted) return resolve()
      const finish = (): void => {
        signal.removeEventListener('abort', finish)
        resolve()
      }
      signal.addEventListener('abort', finish, { once: true })
      const framed = new FramedMessage(answer as Buffer)
      call.write(framed, () => {
        // grpc-js has copied the answer. A stream that was destroyed calls back as well, while the
        // socket may still read the frame: given back, it would send whoever has the memory next.
        if (stream?.destroyed === false) framed.sent()
        buffers.give(answer as Buffer)
        finish()
      })
    })
}

function unadmitted(): BusError {
  return new BusError('INTERNAL', 'The call was not admitted.')
}

/** A status is sent by an error event: grpc-js sends none for a stream that is destroyed. */
function failureOf(
  thrown: unknown,
  requestId: string,
  { onError }: HandlerParts,
): Error & Pick<ServiceError, 'code' | 'details' | 'metadata'> {
  const error = withRetryAfter(BusError.from(thrown))
  onError(error, requestId)
  return Object.assign(new Error(error.code), statusOf(error, requestId))
}

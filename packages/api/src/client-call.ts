/**
 * The client's side of a unary call: a promise that rejects with a BusError, and never waits for
 * ever.
 */
import type { Clock } from '@courant/kernel'
import { type CallOptions, type ClientUnaryCall, Metadata, type ServiceError } from '@grpc/grpc-js'
import { errorOf } from './status.ts'

/** Metadata key under which a request id travels between our services. */
export const REQUEST_ID = 'request-id'

export interface UnaryCallOptions {
  /** After this the call fails with TIMED_OUT, here and on the server. */
  readonly timeoutMs: number
  readonly clock: Clock
  readonly requestId?: string
  /** Ends the call when it aborts: its outcome is then unknown. */
  readonly signal?: AbortSignal
}

/** The form of every unary method of a generated client. */
export type UnaryMethod<Request, Response> = (
  request: Request,
  metadata: Metadata,
  options: Partial<CallOptions>,
  callback: (error: ServiceError | null, response: Response) => void,
) => ClientUnaryCall

/** Calls `method`, which must be bound to its client. */
export function callUnary<Request, Response>(
  method: UnaryMethod<Request, Response>,
  request: Request,
  options: UnaryCallOptions,
): Promise<Response> {
  const metadata = new Metadata()
  if (options.requestId !== undefined) metadata.set(REQUEST_ID, options.requestId)
  const deadline = options.clock.now() + options.timeoutMs
  return new Promise((resolve, reject) => {
    const call = method(request, metadata, { deadline }, (error, response) => {
      options.signal?.removeEventListener('abort', cancel)
      if (error === null) resolve(response)
      else reject(errorOf(error))
    })
    function cancel(): void {
      call.cancel()
    }
    options.signal?.addEventListener('abort', cancel, { once: true })
    if (options.signal?.aborted) cancel()
  })
}

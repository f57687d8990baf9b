import { type CallContext, type OnCallError, unaryHandler } from '@courant/api'
import type { handleUnaryCall } from '@grpc/grpc-js'
import type { CallMetrics } from './call-metrics.ts'

/** A handler that is timed, and whose failures are told. */
export function unary<Request, Response>(
  { metrics, onError }: { readonly metrics: CallMetrics; readonly onError: OnCallError },
  method: string,
  handle: (request: Request, context: CallContext) => Promise<Response>,
): handleUnaryCall<Request, Response> {
  return unaryHandler(metrics.timed(method, handle), onError)
}

import type { fetchApi, RequestHandler, RequestOf } from '@courant/kafka-protocol'
import { FETCH_SESSION_ID_NOT_FOUND } from '../replication/replica-sessions.ts'
import { FetchOperation, type FetchParts, type FetchResponse } from './fetch-operation.ts'
import { type ReplicaFetchParts, serveReplicaFetch } from './replica-fetch.ts'

/**
 * Serves Fetch. The answer comes when `minBytes` are there, when a partition has an error, or when
 * `maxWaitMs` (bounded: the protocol has no cancel) have passed.
 */
export function fetchHandler(
  parts: FetchParts,
  replicas: ReplicaFetchParts,
): RequestHandler<RequestOf<typeof fetchApi>, FetchResponse> {
  return (request, exchange) => {
    if (request.replicaId >= 0) serveReplicaFetch(request, exchange, replicas)
    else if (request.sessionId === 0) new FetchOperation(request, exchange, parts).begin()
    else {
      // Sessions are for followers only: a client begins anew without one.
      parts.counts.add('Fetch', FETCH_SESSION_ID_NOT_FOUND)
      const errorCode = FETCH_SESSION_ID_NOT_FOUND
      exchange.respond({ throttleTimeMs: 0, errorCode, topics: [] })
    }
  }
}

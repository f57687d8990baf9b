import {
  type fetchApi,
  kafkaCodeOf,
  type RequestHandler,
  type RequestOf,
} from '@courant/kafka-protocol'
import { BusError } from '@courant/kernel'
import { FetchOperation, type FetchParts, type FetchResponse } from './fetch-operation.ts'

/** Kafka's number for a fetch session that the server does not know; we keep none. */
const FETCH_SESSION_ID_NOT_FOUND = 70

const NO_FOLLOWERS = new BusError('NOT_IMPLEMENTED', 'Replicas do not fetch from this broker yet.')

/**
 * Serves Fetch. The answer comes when `minBytes` are there, when a partition has an error, or when
 * `maxWaitMs` (bounded: the protocol has no cancel) have passed.
 */
export function fetchHandler(
  parts: FetchParts,
): RequestHandler<RequestOf<typeof fetchApi>, FetchResponse> {
  return (request, exchange) => {
    const refusal = refusalCode(request)
    if (refusal !== null) {
      parts.counts.add('Fetch', refusal)
      exchange.respond({ throttleTimeMs: 0, errorCode: refusal, topics: [] })
      return
    }
    new FetchOperation(request, exchange, parts).begin()
  }
}

function refusalCode({ sessionId, replicaId }: RequestOf<typeof fetchApi>): number | null {
  if (sessionId !== 0) return FETCH_SESSION_ID_NOT_FOUND
  return replicaId >= 0 ? kafkaCodeOf(NO_FOLLOWERS) : null
}

import {
  type initProducerIdApi,
  kafkaCodeOf,
  NO_ERROR,
  type RequestHandler,
  type RequestOf,
  type ResponseInputOf,
} from '@courant/kafka-protocol'
import { BusError } from '@courant/kernel'
import type { ProducerIds } from '../control-plane/producer-ids.ts'
import type { RequestCounts } from '../request-counts.ts'

type Response = ResponseInputOf<typeof initProducerIdApi>

export interface InitProducerIdParts {
  readonly producerIds: Pick<ProducerIds, 'take'>
  readonly counts: RequestCounts
}

/**
 * Serves InitProducerId: any broker gives any idempotent producer an id that nobody had, in its
 * first epoch. Transactional producers have a coordinator in Kafka, and none here yet.
 */
export function initProducerIdHandler({
  producerIds,
  counts,
}: InitProducerIdParts): RequestHandler<RequestOf<typeof initProducerIdApi>, Response> {
  return ({ transactionalId }, exchange) => {
    const answer = transactionalId === null ? given(producerIds.take()) : refused(NO_TRANSACTIONS)
    counts.add('InitProducerId', answer.errorCode)
    exchange.respond(answer)
  }
}

function given(producerId: number | null): Response {
  if (producerId === null) return refused(NO_IDS)
  return { throttleTimeMs: 0, errorCode: NO_ERROR, producerId, producerEpoch: 0 }
}

function refused(error: BusError): Response {
  return { throttleTimeMs: 0, errorCode: kafkaCodeOf(error), producerId: -1, producerEpoch: -1 }
}

const NO_TRANSACTIONS = new BusError('NOT_IMPLEMENTED', 'Transactions are not served yet.')
const NO_IDS = new BusError('CONTROL_PLANE_UNAVAILABLE', 'The producer ids here are used up.')

import { Api } from '../api.ts'
import { int16, int32, int64, nullableString, since, struct } from '../schema.ts'

/**
 * ```
 * InitProducerId Request (v0–v4) => transactional_id transaction_timeout_ms
 *                                   producer_id (v3+) producer_epoch (v3+)
 * InitProducerId Response => throttle_time_ms error_code producer_id producer_epoch
 * ```
 * Gives an id to an idempotent producer (KIP-98). Without a transactional id any broker answers,
 * each time with a fresh id, and what the request says of an older one (KIP-360) means nothing. So
 * it counts as a read: a lost answer costs an id, of which there are 2^53.
 */
export const initProducerIdApi = new Api({
  key: 22,
  name: 'InitProducerId',
  operation: 'read',
  versionMin: 0,
  versionMax: 4,
  flexibleSince: 2,
  request: struct({
    transactionalId: nullableString,
    transactionTimeoutMs: int32,
    producerId: since(3, int64, -1),
    producerEpoch: since(3, int16, -1),
  }),
  response: struct({
    throttleTimeMs: int32,
    errorCode: int16,
    producerId: int64,
    producerEpoch: int16,
  }),
})

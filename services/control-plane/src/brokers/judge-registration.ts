/**
 * Whether a process is the broker that it says, and what is believed of its disk (B2.1 to B2.3).
 * Pure.
 */
import type { RegisterBrokerRequest } from '@courant/api/internal/v1/broker'
import { BusError, isUuid, limits } from '@courant/kernel'
import type { BrokerRow } from '../schema/broker.ts'
import type { SessionState } from './broker-session.ts'

/** Throws INVALID_ARGUMENT. */
export function checkRegistration(request: RegisterBrokerRequest, clusterId: string): void {
  const { incarnationId, directoryId, host, port, rack, brokerId } = request
  if (request.clusterId !== '' && request.clusterId !== clusterId) {
    const detail = `This data directory belongs to cluster ${request.clusterId}, not to ${clusterId}.`
    throw new BusError('INVALID_ARGUMENT', detail)
  }
  const good =
    brokerId >= 0 &&
    isUuid(incarnationId) &&
    isUuid(directoryId) &&
    host.length > 0 &&
    host.length <= limits.hostLengthMax &&
    rack.length <= limits.rackLengthMax &&
    port > 0 &&
    port <= 65_535
  if (!good) throw new BusError('INVALID_ARGUMENT', 'The registration is not complete.')
}

/**
 * A live session holds the id. A process on the same directory, which one process alone can lock,
 * proves that the earlier one is gone: it need not wait for the session to expire. A stale copy of
 * the directory knows an older epoch and has to. Throws DUPLICATE_BROKER.
 */
export function refuseSecond(
  before: BrokerRow,
  session: SessionState | null,
  request: RegisterBrokerRequest,
): void {
  if (before.state === 'fenced' || session === null || session.hasExpired) return
  if (isSuccessor(before, request)) return
  const detail = `Another process is broker ${before.brokerId}. If it is gone, its session will expire.`
  throw new BusError('DUPLICATE_BROKER', detail)
}

/**
 * The epochs that vouch for a disk, once `brokerEpoch` has begun (amendment 1). Only noted here: an
 * epoch that is not among them costs the broker its eligibility when it becomes active, and nothing
 * before, for a registration may come late and be that of a process which is gone.
 *
 * Not everything since the last active epoch vouches: a stale copy that registers has a new epoch
 * from then on, and would be believed when it registers again.
 */
export function vouchedAfter(
  before: BrokerRow | null,
  request: RegisterBrokerRequest,
  brokerEpoch: number,
): number[] {
  const known = before?.vouchedEpochs ?? []
  const isVouched = before !== null && request.intact && isSuccessor(before, request)
  return isVouched ? [...known, brokerEpoch].slice(-limits.vouchedEpochsMax) : known
}

/** The directory has lived through the last epoch in which anything may have been written. */
function isSuccessor(before: BrokerRow, request: RegisterBrokerRequest): boolean {
  const { directoryId, previousBrokerEpoch } = request
  const { vouchedDirectoryId, vouchedEpochs } = before
  return directoryId === vouchedDirectoryId && vouchedEpochs.includes(previousBrokerEpoch)
}

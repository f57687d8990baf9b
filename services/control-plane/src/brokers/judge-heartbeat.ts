/** What a heartbeat says about its broker (B2.4, B2.5, B2.8, B2.9). Pure. */
import type { SendHeartbeatRequest } from '@courant/api/internal/v1/broker'
import type { BrokerRow } from '../schema/broker.ts'
import { isVouchedFor } from './is-vouched-for.ts'

/** Whoever has not applied the version of one session ago follows no elections any more. */
export function renewsSession(
  { state }: BrokerRow,
  { metadataVersion }: SendHeartbeatRequest,
  versionOneSessionAgo: number,
): boolean {
  return metadataVersion >= versionOneSessionAgo || state === 'fenced'
}

/** Null: the state stays as it is. */
export function wantedState(
  row: BrokerRow,
  request: SendHeartbeatRequest,
  versionOneSessionAgo: number,
): BrokerRow['state'] | null {
  if (request.storageOffline) return row.state === 'fenced' ? null : 'fenced'
  if (request.wantShutdown) return row.state === 'active' ? 'draining' : null
  const isCurrent = request.metadataVersion >= Math.max(row.brokerEpoch, versionOneSessionAgo)
  return row.state === 'fenced' && request.ready && isCurrent ? 'active' : null
}

/**
 * The broker in a state. On the directory on which it was last active something may have been
 * written: from then on it is that one, in that epoch, that vouches for it.
 */
export function inState(row: BrokerRow, state: BrokerRow['state']): BrokerRow {
  if (state !== 'active') return { ...row, state }
  const { directoryId, brokerEpoch } = row
  return { ...row, state, vouchedDirectoryId: directoryId, vouchedEpochs: [brokerEpoch] }
}

/** What makes the broker active takes its eligibility away: its disk is not what it was. */
export function losesEligibility(row: BrokerRow, state: BrokerRow['state']): boolean {
  return state === 'active' && !isVouchedFor(row)
}

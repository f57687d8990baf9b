import { type Broker, BrokerState } from '@courant/api/internal/v1/metadata'
import type { BrokerRow } from '../schema/broker.ts'

const STATES: Readonly<Record<BrokerRow['state'], BrokerState>> = {
  fenced: BrokerState.BROKER_STATE_FENCED,
  active: BrokerState.BROKER_STATE_ACTIVE,
  draining: BrokerState.BROKER_STATE_DRAINING,
}

export function brokerStateWire(state: BrokerRow['state']): BrokerState {
  return STATES[state]
}

export function brokerWire(row: BrokerRow, reassignmentBytesPerSecond: number): Broker {
  return {
    brokerId: row.brokerId,
    brokerEpoch: row.brokerEpoch,
    host: row.host,
    port: row.port,
    rack: row.rack,
    state: brokerStateWire(row.state),
    reassignmentBytesPerSecond,
  }
}

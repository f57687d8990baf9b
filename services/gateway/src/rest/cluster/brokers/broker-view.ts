import type { BrokerStatus } from '@courant/api/internal/v1/cluster'
import { BrokerState } from '@courant/api/internal/v1/metadata'
import { assert, BusError } from '@courant/kernel'
import type { CallOptions } from '../../../control-plane/control-plane.ts'
import type { GatewayParts } from '../../../gateway-parts.ts'
import type { BrokerStateName } from '../cluster-schemas.ts'

const STATES: Readonly<Partial<Record<BrokerState, BrokerStateName>>> = {
  [BrokerState.BROKER_STATE_ACTIVE]: 'ACTIVE',
  [BrokerState.BROKER_STATE_DRAINING]: 'STOPPING',
}

/** FENCED also for what we do not know: it is what promises least. */
export function brokerStateName(state: BrokerState): BrokerStateName {
  return STATES[state] ?? 'FENCED'
}

/** A broker as operators see it. */
export function brokerView(status: BrokerStatus) {
  const { broker } = status
  assert(broker !== undefined, 'a status is that of a broker')
  return {
    brokerId: broker.brokerId,
    brokerEpoch: broker.brokerEpoch,
    host: broker.host,
    port: broker.port,
    rack: broker.rack,
    state: brokerStateName(broker.state),
    drain: drainOf(status),
    registeredAt: status.registeredAtMs,
    sessionEndsInMs: status.sessionEndsInMs,
    leaders: status.leaderships,
    preferredLeaders: status.preferredLeaderships,
    replicas: status.replicas,
    replicasInSync: status.replicasInSync,
  }
}

/** One broker as the control plane knows it now. Throws BROKER_NOT_FOUND. */
export async function readBroker(
  { controlPlane }: GatewayParts,
  brokerId: number,
  options: CallOptions,
): Promise<ReturnType<typeof brokerView>> {
  const { brokers } = await controlPlane.cluster.listBrokers(options)
  const found = brokers.find(({ broker }) => broker?.brokerId === brokerId)
  if (found !== undefined) return brokerView(found)
  throw new BusError('BROKER_NOT_FOUND', `There is no broker ${brokerId}.`)
}

function drainOf({ drainingReplicas, replicas }: BrokerStatus) {
  if (!drainingReplicas) return 'NONE' as const
  return replicas === 0 ? ('DRAINED' as const) : ('DRAINING' as const)
}

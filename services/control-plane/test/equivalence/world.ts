/** Who and what there is in the histories, and how a request names it: seldom something absent. */
import type { BrokerRow } from '../../src/schema/broker.ts'
import type { PartitionRow } from '../../src/schema/partition.ts'
import type { View } from './operation.ts'

export const SESSION_MS = 9_000
export const BROKER_IDS = [0, 1, 2, 3, 4] as const
export const TENANT_NAMES = ['acme', 'globex'] as const
export const TOPIC_NAMES = ['clicks', 'orders', 'payments'] as const
/** Of a tenant, topic or cluster that there never was. */
export const ABSENT = '11111111-2222-4333-8444-555555555555'

type Choosing = Pick<View, 'state' | 'choices'>

/** One that is registered, if any is; now and then one that is not. */
export function brokerOf({
  state,
  choices,
}: Choosing): Pick<BrokerRow, 'brokerId' | 'brokerEpoch'> {
  const known = choices.percent(3) ? undefined : choices.any(state.brokers.values())
  if (known === undefined) return { brokerId: choices.between(0, 9), brokerEpoch: 1 }
  return { brokerId: known.brokerId, brokerEpoch: known.brokerEpoch }
}

export function tenantOf({ state, choices }: Choosing): string {
  if (choices.percent(2)) return choices.one(ABSENT, 'x')
  return choices.any(state.tenants.values())?.tenantId ?? ABSENT
}

export function partitionOf({
  state,
  choices,
}: Choosing): Pick<PartitionRow, 'topicId' | 'partition' | 'replicas'> {
  const known = choices.percent(3) ? undefined : choices.any(state.partitions.values())
  if (known === undefined) return { topicId: choices.one(ABSENT, 'x'), partition: 0, replicas: [] }
  return known
}

import { operatorRoute } from '../../define-route.ts'
import { JSON_TYPE } from '../../samples.ts'
import { sampleBroker } from '../cluster-samples.ts'
import { BrokerParams, ClusterBroker } from '../cluster-schemas.ts'
import { readBroker } from './broker-view.ts'

export const drainBroker = operatorRoute({
  method: 'POST',
  path: '/v1/cluster/brokers/{brokerId}/drain',
  operationId: 'drainBroker',
  tag: 'Cluster',
  summary: 'Move everything off a broker',
  description:
    'From now on the broker gets no replicas, and those that it has move to others by and by, ' +
    'within the throttle of reassignments, while it serves on. It is empty when `drain` is ' +
    '`DRAINED`; `replicas` says how many are left.\n\n' +
    'Refused with `BROKER_UNAVAILABLE` when too few others are active to take its replicas. Safe ' +
    'to repeat.',
  isolation: 'none',
  params: BrokerParams,
  responses: {
    200: {
      description: 'The drain has begun, or is done.',
      content: {
        [JSON_TYPE]: { schema: ClusterBroker, example: { ...sampleBroker, drain: 'DRAINING' } },
      },
    },
  },
  errors: ['BROKER_NOT_FOUND', 'BROKER_UNAVAILABLE', 'TIMED_OUT'],

  async handle(gateway, { params, requestId, signal }) {
    await gateway.controlPlane.cluster.drainBroker(params.brokerId, { requestId, signal })
    return { status: 200, body: await readBroker(gateway, params.brokerId, { requestId, signal }) }
  },
})

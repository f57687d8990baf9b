import { operatorRoute } from '../../define-route.ts'
import { JSON_TYPE } from '../../samples.ts'
import { sampleBroker } from '../cluster-samples.ts'
import { BrokerParams, ClusterBroker } from '../cluster-schemas.ts'
import { readBroker } from './broker-view.ts'

export const undrainBroker = operatorRoute({
  method: 'POST',
  path: '/v1/cluster/brokers/{brokerId}/undrain',
  operationId: 'undrainBroker',
  tag: 'Cluster',
  summary: 'End the drain of a broker',
  description:
    'The broker may get replicas again. What has not moved yet stays, and what has moved does not ' +
    'come back by itself. Safe to repeat.',
  isolation: 'none',
  params: BrokerParams,
  responses: {
    200: {
      description: 'The broker is not drained.',
      content: { [JSON_TYPE]: { schema: ClusterBroker, example: sampleBroker } },
    },
  },
  errors: ['BROKER_NOT_FOUND', 'TIMED_OUT'],

  async handle(gateway, { params, requestId, signal }) {
    await gateway.controlPlane.cluster.undrainBroker(params.brokerId, { requestId, signal })
    return { status: 200, body: await readBroker(gateway, params.brokerId, { requestId, signal }) }
  },
})

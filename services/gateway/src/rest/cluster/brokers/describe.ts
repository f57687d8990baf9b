import { operatorRoute } from '../../define-route.ts'
import { JSON_TYPE } from '../../samples.ts'
import { sampleBroker } from '../cluster-samples.ts'
import { BrokerParams, ClusterBroker } from '../cluster-schemas.ts'
import { readBroker } from './broker-view.ts'

export const describeBroker = operatorRoute({
  method: 'GET',
  path: '/v1/cluster/brokers/{brokerId}',
  operationId: 'describeBroker',
  tag: 'Cluster',
  summary: 'Describe a broker',
  description:
    'Its state and what it holds; which partitions these are, `GET /v1/cluster/partitions` with ' +
    '`brokerId` says. Safe to repeat.',
  isolation: 'none',
  params: BrokerParams,
  responses: {
    200: {
      description: 'The broker.',
      content: { [JSON_TYPE]: { schema: ClusterBroker, example: sampleBroker } },
    },
  },
  errors: ['BROKER_NOT_FOUND', 'TIMED_OUT'],

  async handle(gateway, { params, requestId, signal }) {
    return { status: 200, body: await readBroker(gateway, params.brokerId, { requestId, signal }) }
  },
})

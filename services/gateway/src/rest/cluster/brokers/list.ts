import { Type } from 'typebox'
import { operatorRoute } from '../../define-route.ts'
import { JSON_TYPE } from '../../samples.ts'
import { NextCursor } from '../../schemas.ts'
import { sampleBroker } from '../cluster-samples.ts'
import { ClusterBroker } from '../cluster-schemas.ts'
import { brokerView } from './broker-view.ts'

const Answer = Type.Object({ brokers: Type.Array(ClusterBroker), nextCursor: NextCursor })

export const listBrokers = operatorRoute({
  method: 'GET',
  path: '/v1/cluster/brokers',
  operationId: 'listBrokers',
  tag: 'Cluster',
  summary: 'List brokers',
  description:
    'With what each of them holds, in the order of their ids. There are few, so there is one ' +
    'page. Safe to repeat.',
  isolation: 'none',
  responses: {
    200: {
      description: 'All brokers.',
      content: {
        [JSON_TYPE]: { schema: Answer, example: { brokers: [sampleBroker], nextCursor: null } },
      },
    },
  },
  errors: ['TIMED_OUT'],

  async handle({ controlPlane }, { requestId, signal }) {
    const { brokers } = await controlPlane.cluster.listBrokers({ requestId, signal })
    return { status: 200, body: { brokers: brokers.map(brokerView), nextCursor: null } }
  },
})

import { limits } from '@courant/kernel'
import { operatorRoute } from '../../define-route.ts'
import { BrokerParams } from '../cluster-schemas.ts'

export const removeBroker = operatorRoute({
  method: 'DELETE',
  path: '/v1/cluster/brokers/{brokerId}',
  operationId: 'removeBroker',
  tag: 'Cluster',
  summary: 'Forget a broker that is gone',
  description:
    'For a broker that is stopped and holds no replicas: drain it first. While it is alive or ' +
    'holds any, the answer is `BROKER_IN_USE`.\n\n' +
    'A repeat after the broker is gone answers 404.',
  isolation: 'none',
  params: BrokerParams,
  responses: { 204: { description: 'Forgotten.' } },
  errors: ['BROKER_NOT_FOUND', 'BROKER_IN_USE', 'TIMED_OUT'],

  async handle({ controlPlane, metadata }, { params, requestId, signal }) {
    const { metadataVersion } = await controlPlane.cluster.removeBroker(params.brokerId, {
      requestId,
      signal,
    })
    await metadata.atLeast(metadataVersion, limits.controlPlaneTimeoutMs)
    return { status: 204 }
  },
})

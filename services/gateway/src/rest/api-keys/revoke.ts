import { limits } from '@courant/kernel'
import { Type } from 'typebox'
import { tenantRoute } from '../define-route.ts'

const Params = Type.Object({ keyId: Type.String({ description: 'The public part of the key.' }) })

export const revokeApiKey = tenantRoute({
  method: 'DELETE',
  path: '/v1/api-keys/{keyId}',
  operationId: 'revokeApiKey',
  tag: 'API keys',
  summary: 'Revoke an API key',
  description:
    'This gateway refuses the key from now on, all others within a moment. A key may revoke ' +
    'itself.\n\nA repeat answers 404.',
  isolation: 'apiKey',
  params: Params,
  responses: { 204: { description: 'Revoked.' } },
  errors: ['API_KEY_NOT_FOUND', 'CONTROL_PLANE_UNAVAILABLE', 'TIMED_OUT'],

  async handle({ controlPlane, metadata }, { params, requestId, signal }, { tenantId }) {
    const answer = await controlPlane.revokeApiKey(
      { tenantId, keyId: params.keyId },
      { requestId, signal },
    )
    await metadata.atLeast(answer.metadataVersion, limits.controlPlaneTimeoutMs)
    return { status: 204 }
  },
})

import { assert, BusError, limits } from '@courant/kernel'
import { Type } from 'typebox'
import { tenantRoute } from '../define-route.ts'
import { JSON_TYPE, sampleApiKey, sampleKeyText } from '../samples.ts'
import { CLOSED, CreatedApiKey, nullable } from '../schemas.ts'
import { apiKeyView } from './api-key-view.ts'

const Body = Type.Object(
  {
    name: Type.String({
      minLength: 1,
      maxLength: limits.apiKeyNameLengthMax,
      description: 'What it is for. Need not be unique.',
    }),
    expiresAt: Type.Optional(
      nullable(
        Type.Integer({
          minimum: 0,
          maximum: Number.MAX_SAFE_INTEGER,
          description: 'Epoch milliseconds after which it is refused. Default: never.',
        }),
      ),
    ),
  },
  CLOSED,
)

export const createApiKey = tenantRoute({
  method: 'POST',
  path: '/v1/api-keys',
  operationId: 'createApiKey',
  tag: 'API keys',
  summary: 'Create an API key',
  description:
    'The whole key is in this answer and nowhere else: we keep a hash of it.\n\n' +
    'A repeat makes another key. After an unknown outcome, list the keys and revoke the one that ' +
    'you never saw.',
  isolation: 'create',
  body: { [JSON_TYPE]: { schema: Body, example: { name: 'checkout service' } } },
  responses: {
    201: {
      description: 'Created; this gateway accepts it already.',
      content: {
        [JSON_TYPE]: { schema: CreatedApiKey, example: { ...sampleApiKey, apiKey: sampleKeyText } },
      },
      headers: { Location: 'Path of the key.' },
    },
  },
  errors: ['CONTROL_PLANE_UNAVAILABLE', 'TIMED_OUT'],

  async handle({ clock, controlPlane, metadata }, { body, requestId, signal }, { tenantId }) {
    const expiresAtMs = body.expiresAt ?? 0
    if (expiresAtMs !== 0 && expiresAtMs <= clock.now()) throw expiryPassed()
    const answer = await controlPlane.createApiKey(
      { tenantId, name: body.name, expiresAtMs },
      { requestId, signal },
    )
    assert(answer.apiKey !== undefined, 'a created key is answered')
    await metadata.atLeast(answer.metadataVersion, limits.controlPlaneTimeoutMs)
    return {
      status: 201,
      headers: { location: `/v1/api-keys/${answer.apiKey.keyId}`, 'cache-control': 'no-store' },
      body: { ...apiKeyView(answer.apiKey), apiKey: answer.apiKeyText },
    }
  },
})

function expiryPassed(): BusError {
  const detail = 'This has passed already.'
  const violations = [{ pointer: '/expiresAt', detail }]
  return new BusError('INVALID_ARGUMENT', `/expiresAt: ${detail}`, { violations })
}

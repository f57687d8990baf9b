import { assert, limits } from '@courant/kernel'
import { Type } from 'typebox'
import { operatorRoute } from '../define-route.ts'
import { JSON_TYPE, sampleKeyText, sampleTenant } from '../samples.ts'
import { CLOSED, Tenant } from '../schemas.ts'
import { tenantView } from './tenant-view.ts'

const Body = Type.Object(
  {
    name: Type.String({
      minLength: 1,
      maxLength: limits.tenantNameLengthMax,
      description: 'Unique on the platform.',
    }),
  },
  CLOSED,
)

const CreatedTenant = Type.Object(
  {
    ...Tenant.properties,
    apiKey: Type.String({
      description: 'A key with all rights inside the tenant. It is shown here and never again.',
    }),
  },
  { $id: 'CreatedTenant' },
)

const headers = { Location: 'Path of the tenant.' }

export const createTenant = operatorRoute({
  method: 'POST',
  path: '/v1/tenants',
  operationId: 'createTenant',
  tag: 'Platform',
  summary: 'Create a tenant',
  description:
    'With a first API key, which is in this answer and nowhere else.\n\nA repeat answers 200 with ' +
    'the tenant, but without the key.',
  isolation: 'none',
  body: { [JSON_TYPE]: { schema: Body, example: { name: 'acme' } } },
  responses: {
    201: {
      description: 'Created.',
      content: {
        [JSON_TYPE]: { schema: CreatedTenant, example: { ...sampleTenant, apiKey: sampleKeyText } },
      },
      headers,
    },
    200: {
      description: 'It was there already. Its keys stay as they are.',
      content: { [JSON_TYPE]: { schema: Tenant, example: sampleTenant } },
      headers,
    },
  },
  errors: ['CONTROL_PLANE_UNAVAILABLE', 'TIMED_OUT', 'TENANT_ALREADY_EXISTS'],

  async handle({ controlPlane, metadata }, { body, requestId, signal }) {
    const answer = await controlPlane.createTenant({ name: body.name }, { requestId, signal })
    assert(answer.tenant !== undefined, 'a created tenant is answered')
    await metadata.atLeast(answer.metadataVersion, limits.controlPlaneTimeoutMs)
    const view = tenantView(answer.tenant)
    const location = `/v1/tenants/${view.tenantId}`
    if (!answer.created) return { status: 200, headers: { location }, body: view }
    return {
      status: 201,
      headers: { location, 'cache-control': 'no-store' },
      body: { ...view, apiKey: answer.apiKeyText },
    }
  },
})

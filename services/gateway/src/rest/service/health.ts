import { Type } from 'typebox'
import { publicRoute } from '../define-route.ts'
import { JSON_TYPE } from '../samples.ts'

const Alive = Type.Object({ status: Type.String() })
const Readiness = Type.Object({
  status: Type.String(),
  checks: Type.Record(Type.String(), Type.String(), {
    description: 'By name: `ok`, or what is missing.',
  }),
})

const headers = { 'cache-control': 'no-store' }

export const liveness = publicRoute({
  method: 'GET',
  path: '/livez',
  operationId: 'getLiveness',
  tag: 'Service',
  summary: 'Ask whether the process is alive',
  description: 'Answers as long as the event loop turns. Restart what does not answer.',
  isolation: 'none',
  responses: {
    200: {
      description: 'Alive.',
      content: { [JSON_TYPE]: { schema: Alive, example: { status: 'alive' } } },
    },
  },
  errors: [],
  handle: () => ({ status: 200, headers, body: { status: 'alive' } }),
})

export const readiness = publicRoute({
  method: 'GET',
  path: '/readyz',
  operationId: 'getReadiness',
  tag: 'Service',
  summary: 'Ask whether the gateway can serve',
  description: 'Send traffic only to gateways that answer 200. A check costs nobody a request.',
  isolation: 'none',
  responses: {
    200: {
      description: 'Ready.',
      content: {
        [JSON_TYPE]: {
          schema: Readiness,
          example: { status: 'ready', checks: { metadata: 'ok' } },
        },
      },
    },
    503: {
      description: 'Not ready; `checks` says why.',
      content: {
        [JSON_TYPE]: {
          schema: Readiness,
          example: { status: 'not ready', checks: { metadata: 'No metadata has arrived yet.' } },
        },
      },
    },
  },
  errors: [],
  handle({ health }) {
    const { ready, checks } = health.readiness()
    const body = { status: ready ? 'ready' : 'not ready', checks }
    return { status: ready ? 200 : 503, headers, body }
  },
})

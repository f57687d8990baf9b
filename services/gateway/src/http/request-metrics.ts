import { type Histogram, LATENCY_BUCKETS, type Metrics } from '@courant/service-kit'
import type { FastifyInstance, FastifyReply } from 'fastify'

const ROUTES_MAX = 100
const STATUSES_MAX = 40

/**
 * Durations by route pattern and status, never by path: a caller chooses the path. The child of a
 * histogram is looked up once a route and status and then kept, because the look-up costs more than
 * the observation.
 */
export function observeRequests(server: FastifyInstance, metrics: Metrics): void {
  const family = metrics.histogram({
    name: 'courant_gateway_request_seconds',
    help: 'Time from the headers of a request to the end of its answer.',
    labels: { route: ROUTES_MAX, method: 10, status: STATUSES_MAX },
    buckets: LATENCY_BUCKETS,
  })
  const children = new Map<string, Map<number, Histogram>>()
  server.addHook('onResponse', (request, reply, done) => {
    const route = request.routeOptions.url ?? 'none'
    const method = request.is404 ? 'other' : request.method
    const key = `${method} ${route}`
    const byStatus = children.get(key) ?? new Map<number, Histogram>()
    children.set(key, byStatus)
    const status = statusOf(reply)
    const child = byStatus.get(status) ?? family.with({ route, method, status: String(status) })
    byStatus.set(status, child)
    child.observe(reply.elapsedTime / 1000)
    done()
  })
}

function statusOf(reply: FastifyReply): number {
  return reply.raw.statusCode
}

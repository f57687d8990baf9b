import type { FastifyInstance, FastifyReply, FastifyRequest, RouteOptions } from 'fastify'
import { Type } from 'typebox'
import type { Principal } from '../auth/principal.ts'
import type { GatewayParts } from '../gateway-parts.ts'
import { callerSignal } from '../http/caller-signal.ts'
import type { Route, RouteAnswer, RouteDescription } from './route.ts'
import { JSON_TYPE } from './samples.ts'
import { CLOSED } from './schemas.ts'

declare module 'fastify' {
  interface FastifyContextConfig {
    /** Absent only for what no route takes. */
    route?: RouteDescription
  }
  interface FastifyRequest {
    /** Null on public routes. */
    principal: Principal | null
  }
}

/**
 * What fastify is told about a described route. Plugins that handle bodies of their own kind use it
 * too, so that admission, validation and metrics are the same everywhere.
 */
export function routeOptions(
  route: RouteDescription,
): Pick<RouteOptions, 'method' | 'url' | 'schema' | 'config' | 'exposeHeadRoute'> {
  const isPublic = route.access === 'public'
  return {
    method: route.method,
    url: route.path.replaceAll(/\{(\w+)\}/g, ':$1'),
    schema: {
      ...(route.params === undefined ? {} : { params: route.params }),
      ...(isPublic ? {} : { querystring: route.query ?? NO_QUERY }),
    },
    // Probes and browsers ask for heads; of tenants' data a head would cost as much as the answer.
    exposeHeadRoute: isPublic && route.method === 'GET',
    config: { route },
  }
}

/** A parameter that means nothing is refused, so that a misspelt one is not ignored. */
const NO_QUERY = Type.Object({}, CLOSED)

/** Registers the routes that have handlers of their own: those with plain JSON in and out. */
export function registerRoutes(
  server: FastifyInstance,
  routes: readonly Route[],
  gateway: GatewayParts,
): void {
  for (const route of routes) {
    const options = routeOptions(route)
    const body = route.body?.[JSON_TYPE]?.schema
    server.route({
      ...options,
      schema: { ...options.schema, ...(body === undefined ? {} : { body }) },
      handler: (request, reply) => handle(route, gateway, request, reply),
    })
  }
}

async function handle(
  route: Route,
  gateway: GatewayParts,
  request: FastifyRequest,
  reply: FastifyReply,
): Promise<FastifyReply> {
  const input = {
    params: request.params,
    query: request.query,
    body: request.body,
    requestId: request.id,
    signal: callerSignal(reply),
  }
  return send(reply, await route.handle(gateway, input, request.principal))
}

function send(reply: FastifyReply, { status, headers, body }: RouteAnswer): FastifyReply {
  reply.code(status)
  if (headers !== undefined) reply.headers(headers)
  if (body === undefined) return reply.send()
  if (!reply.hasHeader('content-type')) reply.type(JSON_TYPE)
  return reply.send(typeof body === 'string' ? body : JSON.stringify(body))
}

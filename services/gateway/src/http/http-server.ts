/**
 * The HTTP listener: fastify, set up so that nothing is coerced, dropped, unbounded or unexplained.
 */
import { BusError, type Clock, limits, type Random } from '@courant/kernel'
import type { Logger, Metrics } from '@courant/service-kit'
import { type FastifyInstance, type FastifyReply, type FastifyRequest, fastify } from 'fastify'
import type { RouteDescription } from '../rest/route.ts'
import { Admission, type AdmissionParts } from './admission.ts'
import { BodyDeadlines } from './body-deadlines.ts'
import { answerClientError } from './client-error.ts'
import { limitConnections } from './connection-limits.ts'
import { busErrorOf } from './fastify-errors.ts'
import { lingerAfterLastAnswers } from './lingering-close.ts'
import { missingRoute } from './not-found.ts'
import { parseJson } from './parse-json.ts'
import { sendProblem } from './problem.ts'
import { readBody } from './read-body.ts'
import { RequestIds } from './request-id.ts'
import { observeRequests } from './request-metrics.ts'
import { validatorCompiler } from './validation.ts'

export interface HttpServerParts extends AdmissionParts {
  readonly clock: Clock
  readonly random: Random
  readonly log: Logger
  readonly metrics: Metrics
  readonly routes: readonly RouteDescription[]
}

/** Load balancers keep idle connections for a minute; ours must be the longer breath. */
const KEEP_ALIVE_MS = 72_000
/** How often node:http looks for connections whose headers are late. */
const HEADERS_CHECK_MS = 5_000

export function createHttpServer(parts: HttpServerParts): FastifyInstance {
  const ids = new RequestIds(parts.random)
  const server = fastify({
    logger: false,
    genReqId: (raw) => ids.of(raw.headers['request-id']),
    requestIdHeader: false,
    bodyLimit: limits.managementBodyBytesMax,
    connectionTimeout: limits.connectionIdleMsMax,
    keepAliveTimeout: KEEP_ALIVE_MS,
    // A stream of records may last for hours; whole bodies have their own time limit (read-
    // body.ts).
    requestTimeout: 0,
    return503OnClosing: false,
    forceCloseConnections: 'idle',
    exposeHeadRoutes: false,
    // A name that is too long is the topic resolver's to refuse; find-my-way's own limit ends in
    // a status that is none of ours.
    routerOptions: { maxParamLength: limits.headerBytesMax },
    http: {
      maxHeaderSize: limits.headerBytesMax,
      headersTimeout: limits.headersMsMax,
      connectionsCheckingInterval: HEADERS_CHECK_MS,
      // Of two Authorization headers node would silently take the first; joined, they are
      // malformed.
      joinDuplicateHeaders: true,
    },
    clientErrorHandler: (error, socket) =>
      answerClientError(error, socket, ids.of(undefined), parts.clock),
    frameworkErrors: (error, request, reply) => {
      sendProblem(reply, busErrorOf(error), request.id)
    },
  })
  server.decorateRequest('principal', null)
  server.setValidatorCompiler(validatorCompiler)
  server.setSerializerCompiler(() => (body) => JSON.stringify(body))
  const admission = new Admission(parts)
  server.addHook('onRequest', (request, reply, done) => admission.admit(request, reply, done))
  observeRequests(server, parts.metrics)
  acceptOnlyJson(server, parts.clock)
  explainFailures(server, parts)
  limitConnections(server.server)
  lingerAfterLastAnswers(server.server, parts.clock)
  // An expectation that we do not know is ignored (RFC 9110, 10.1.1): node would answer a bare 417.
  server.server.on('checkExpectation', (request, response) => {
    server.server.emit('request', request, response)
  })
  return server
}

/** Bodies of the management API. Plugins with other bodies bring parsers of their own. */
function acceptOnlyJson(server: FastifyInstance, clock: Clock): void {
  const reading = { deadlines: new BodyDeadlines(clock) }
  server.removeAllContentTypeParsers()
  server.addContentTypeParser('application/json', async (request: FastifyRequest) => {
    const charset = /charset *= *"?([^";\s]+)/i.exec(request.headers['content-type'] ?? '')?.[1]
    if (charset !== undefined && charset.toLowerCase() !== 'utf-8') {
      throw new BusError('UNSUPPORTED_MEDIA_TYPE', 'JSON is UTF-8; charset is utf-8 or absent.')
    }
    return parseJson(await readBody(request.raw, limits.managementBodyBytesMax, reading))
  })
  server.addContentTypeParser('*', (_request: FastifyRequest, _payload, done) => {
    done(new BusError('UNSUPPORTED_MEDIA_TYPE', 'This route takes application/json.'))
  })
}

function explainFailures(server: FastifyInstance, parts: HttpServerParts): void {
  server.setNotFoundHandler((request, reply) => {
    if (parts.cors.answerPreflight(request, reply)) return
    const error = missingRoute(request.method, request.raw.url ?? '', parts.routes)
    refuse(error, request, reply, parts.log)
  })
  server.setErrorHandler((thrown, request, reply) => {
    refuse(busErrorOf(thrown), request, reply, parts.log)
  })
}

/**
 * The rest of a small refused body is read and dropped, so that its connection lives on; what is
 * large or without a known end is not waited for: the connection ends with the answer.
 */
function refuse(error: BusError, request: FastifyRequest, reply: FastifyReply, log: Logger): void {
  const { headers, complete } = request.raw
  const large = Number(headers['content-length'] ?? 0) > limits.managementBodyBytesMax
  const unknown = headers['transfer-encoding'] !== undefined
  if (!complete && (large || unknown || error.facts.http === 408)) {
    reply.header('connection', 'close')
  }
  const level = error.code === 'INTERNAL' ? 'error' : error.facts.http >= 500 ? 'warn' : 'debug'
  log[level]({ err: error, requestId: request.id, route: request.routeOptions.url }, 'refused')
  sendProblem(reply, error, request.id)
}

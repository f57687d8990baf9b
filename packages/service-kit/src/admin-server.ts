import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http'
import { type Address, assert } from '@courant/kernel'
import type { Health } from './health.ts'
import type { Metrics } from './metrics.ts'

export interface AdminServerParts {
  readonly health: Health
  readonly metrics: Metrics
}

/** The administrative port while it is open. */
export interface AdminServer {
  readonly address: Address
  stop(): Promise<void>
}

/** Scrapers and probes are few; whoever opens more connections than this is not one of them. */
const CONNECTIONS_MAX = 64
const REQUEST_MS_MAX = 10_000

/** `/metrics`, `/livez` and `/readyz`, without authentication: bind it to an inner address. */
export async function startAdminServer(
  address: Address,
  parts: AdminServerParts,
): Promise<AdminServer> {
  const server = createServer(
    { requestTimeout: REQUEST_MS_MAX, headersTimeout: REQUEST_MS_MAX, maxHeaderSize: 8 * 1024 },
    (request, response) => void answer(request, response, parts),
  )
  server.maxConnections = CONNECTIONS_MAX
  await new Promise<void>((resolve, reject) => {
    server.once('error', reject)
    server.listen(address.port, address.host, () => {
      server.removeListener('error', reject)
      resolve()
    })
  })
  const bound = server.address()
  assert(bound !== null && typeof bound === 'object', 'an HTTP server is bound to a port')
  return { address: { host: address.host, port: bound.port }, stop: () => stop(server) }
}

async function answer(
  request: IncomingMessage,
  response: ServerResponse,
  parts: AdminServerParts,
): Promise<void> {
  if (request.method !== 'GET' && request.method !== 'HEAD') {
    response.writeHead(405, { allow: 'GET, HEAD' }).end()
    return
  }
  const [path] = (request.url ?? '/').split('?')
  if (path === '/livez') return send(response, 200, 'application/json', '{"status":"alive"}\n')
  if (path === '/readyz') {
    const { ready, checks } = parts.health.readiness()
    const body = JSON.stringify({ status: ready ? 'ready' : 'not ready', checks })
    return send(response, ready ? 200 : 503, 'application/json', `${body}\n`)
  }
  if (path === '/metrics') {
    return send(response, 200, parts.metrics.contentType, await parts.metrics.text())
  }
  send(response, 404, 'text/plain', 'There are /metrics, /livez and /readyz here.\n')
}

function send(response: ServerResponse, status: number, type: string, body: string): void {
  response.writeHead(status, {
    'content-type': type,
    'content-length': Buffer.byteLength(body),
    'cache-control': 'no-store',
    'x-content-type-options': 'nosniff',
  })
  response.end(body)
}

function stop(server: Server): Promise<void> {
  return new Promise((resolve) => {
    server.close(() => resolve())
    server.closeAllConnections()
  })
}

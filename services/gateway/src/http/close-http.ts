import { type Clock, wait } from '@courant/kernel'
import type { FastifyInstance } from 'fastify'

/** Connections whose peers neither finish nor leave are cut after this. */
const DRAIN_MS_MAX = 20_000
const SWEEP_MS = 50

/**
 * Stops listening, lets the requests under way finish, and resolves when every connection is
 * closed. Node closes idle connections once, as the closing begins; those that fall idle later
 * would hold it for as long as their keep-alive.
 */
export async function closeHttp(http: FastifyInstance, clock: Clock): Promise<void> {
  const giveUpAtMs = clock.monotonicMs() + DRAIN_MS_MAX
  const closed = http.close().then(() => 'closed' as const)
  while ((await Promise.race([closed, wait(clock, SWEEP_MS)])) !== 'closed') {
    if (clock.monotonicMs() < giveUpAtMs) http.server.closeIdleConnections()
    else http.server.closeAllConnections()
  }
}

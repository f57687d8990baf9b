import type { Readable } from 'node:stream'
import type { FastifyReply } from 'fastify'

/**
 * Sends a stream whose first byte may be long in coming. The head goes out at once, so that the
 * caller knows that it is being served.
 */
export function sendOpen(reply: FastifyReply, stream: Readable): FastifyReply {
  const sent = reply.send(stream)
  if (!reply.raw.headersSent) reply.raw.flushHeaders()
  return sent
}

import type { IncomingMessage } from 'node:http'
import { PassThrough, Readable, type Transform } from 'node:stream'
import { createGunzip, createZstdDecompress } from 'node:zlib'
import { BusError } from '@courant/kernel'
import type { Topic } from '@courant/metadata'
import type { FastifyReply, FastifyRequest } from 'fastify'
import { closeLingering } from '../../http/lingering-close.ts'
import { LineProducer } from '../../produce/line-producer.ts'
import type { DataPath } from './data-path.ts'
import { NDJSON_TYPE, optionsOf, type ProduceQueryValue } from './produce.ts'
import { sendOpen } from './send-open.ts'

/** Answers an NDJSON body line by line while it arrives. */
export function produceLines(
  { bodies, clock, draining, producer, topics }: DataPath,
  topic: Topic,
  query: ProduceQueryValue,
  request: FastifyRequest,
  reply: FastifyReply,
): FastifyReply {
  const body = decoded(request.raw)
  const current = (): Topic => topics.find(topic.tenantId, topic.name) ?? topic
  const lines = new LineProducer(producer, bodies, clock, current, {
    ...optionsOf(query),
    onError: query.onError ?? 'continue',
    requestId: request.id,
    draining,
  })
  const answer = Readable.from(lines.run(body), { objectMode: false })
  reply.raw.once('close', () => {
    // A caller that leaves ends its body too; whoever still waits for it must not.
    if (!reply.raw.writableFinished) body.destroy()
  })
  reply.raw.once('finish', () => {
    // Answered before the body was over: whoever still sends is told by the end of the connection.
    if (!request.raw.complete) closeLingering(request.raw.socket, clock)
  })
  return sendOpen(reply.code(200).type(NDJSON_TYPE), answer)
}

/**
 * Decompressed as it is read: what has not been asked for does not exist yet, so a bomb finds no
 * room.
 */
function decoded(request: IncomingMessage): Readable {
  const encoding = request.headers['content-encoding']?.trim().toLowerCase() ?? 'identity'
  if (encoding === 'identity' || encoding === '') return request
  if (encoding === 'gzip') return decompressed(request, createGunzip())
  if (encoding === 'zstd') return decompressed(request, createZstdDecompress())
  throw new BusError('UNSUPPORTED_MEDIA_TYPE', 'Content-Encoding is gzip, zstd or identity.')
}

function decompressed(request: IncomingMessage, decoder: Transform): Readable {
  const body = new PassThrough()
  request.on('error', (error) => decoder.destroy(error))
  decoder.on('error', (error) => body.destroy(request.errored === null ? notEncoded(error) : error))
  body.on('close', () => decoder.destroy())
  return request.pipe(decoder).pipe(body)
}

function notEncoded(cause: Error): BusError {
  return new BusError('INVALID_ARGUMENT', 'The body is not what Content-Encoding says.', { cause })
}

import type { IncomingMessage } from 'node:http'
import { Readable } from 'node:stream'
import type { Topic } from '@courant/metadata'
import type { FastifyReply, FastifyRequest } from 'fastify'
import { contentEncodingOf, decodingBody } from '../../http/content-encoding.ts'
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

function decoded(request: IncomingMessage): Readable {
  const encoding = contentEncodingOf(request)
  return encoding === null ? request : decodingBody(request, encoding)
}

import type { FastifyInstance } from 'fastify'
import type { Groups } from '../../groups/groups.ts'
import { routeOptions } from '../register.ts'
import type { RouteDescription } from '../route.ts'
import { JSON_TYPE } from '../samples.ts'
import { pollGroup } from './poll.ts'
import { handlePoll } from './poll-handler.ts'
import { streamMember } from './stream.ts'
import { handleStream } from './stream-handler.ts'

/** Routes of groups that answer with records: they write their answers themselves. */
export const groupStreamRoutes: readonly RouteDescription[] = [pollGroup, streamMember]

export function registerGroupRoutes(server: FastifyInstance, groups: Groups): void {
  const options = routeOptions(pollGroup)
  const body = pollGroup.body?.[JSON_TYPE]?.schema
  server.route({
    ...options,
    schema: { ...options.schema, ...(body === undefined ? {} : { body }) },
    handler: (request, reply) => handlePoll(groups, request, reply),
  })
  server.route({
    ...routeOptions(streamMember),
    handler: (request, reply) => handleStream(groups, request, reply),
  })
}

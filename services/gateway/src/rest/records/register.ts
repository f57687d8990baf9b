import type { FastifyInstance } from 'fastify'
import { routeOptions } from '../register.ts'
import type { RouteDescription } from '../route.ts'
import { JSON_TYPE } from '../samples.ts'
import type { DataPath } from './data-path.ts'
import { fetchRecords } from './fetch.ts'
import { handleFetch } from './fetch-handler.ts'
import { handleListOffsets, listOffsets } from './list-offsets.ts'
import { NDJSON_TYPE, produceRecords } from './produce.ts'
import { ProduceHandler } from './produce-handler.ts'

/** The routes of records, in the order of the reference. They handle their bodies themselves. */
export const recordRoutes: readonly RouteDescription[] = [produceRecords, fetchRecords, listOffsets]

/** Registers the routes of records, in a scope of their own because of their bodies. */
export function registerRecordRoutes(server: FastifyInstance, dataPath: DataPath): void {
  const producing = new ProduceHandler(dataPath)
  void server.register((scope, _options, done) => {
    scope.removeAllContentTypeParsers()
    // The body is left in the socket; who handles it reads it as its kind wants. A type that is
    // named here is found by its name; of others, fastify takes the header apart each time.
    for (const type of [JSON_TYPE, NDJSON_TYPE, '*']) {
      scope.addContentTypeParser(type, (_request, _payload, parsed) => parsed(null, undefined))
    }
    scope.route({
      ...routeOptions(produceRecords),
      handler: (request, reply) => producing.handle(request, reply),
    })
    scope.route({
      ...routeOptions(fetchRecords),
      handler: (request, reply) => handleFetch(dataPath, request, reply),
    })
    scope.route({
      ...routeOptions(listOffsets),
      handler: (request, reply) => handleListOffsets(dataPath, request, reply),
    })
    done()
  })
}

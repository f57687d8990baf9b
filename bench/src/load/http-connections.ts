/** HTTP load: raw sockets, prepared bytes, answers counted and not kept. */
import { HttpParser } from './http-parser.ts'
import { type HttpRequest, requestBytes } from './http-request.ts'
import { type PipelineResult, runPipeline } from './pipeline.ts'
import { Train } from './train.ts'

export interface HttpConnections {
  readonly request: HttpRequest
  readonly connections: number
  readonly seconds: number
}

export async function run(load: HttpConnections): Promise<PipelineResult> {
  const { request, connections, seconds } = load
  return await runPipeline({
    port: request.port,
    connections,
    inFlight: 1,
    until: { seconds },
    train: new Train([requestBytes(request)]),
    newParser: () => new HttpParser(),
  })
}

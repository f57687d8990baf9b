import type { Api } from '../src/api.ts'
import {
  apiVersionsApi,
  deleteRecordsApi,
  fetchApi,
  heaviestKeysApi,
  initProducerIdApi,
  listOffsetsApi,
  offsetForLeaderEpochApi,
  produceApi,
  replicaLogsApi,
} from '../src/index.ts'
import type { TypeNode } from '../src/schema.ts'
import { WireReader } from '../src/wire-reader.ts'
import { WireWriter } from '../src/wire-writer.ts'

/** One message in one version, its types hidden, so that all of them can be tested alike. */
export interface Codec {
  readonly name: string
  readonly node: TypeNode
  readonly version: number
  readonly flexibleSince: number
  encode(message: unknown): Buffer
  decode(bytes: Buffer): unknown
}

export const codecs: readonly Codec[] = [
  ...codecsOf(apiVersionsApi),
  ...codecsOf(produceApi),
  ...codecsOf(fetchApi),
  ...codecsOf(listOffsetsApi),
  ...codecsOf(offsetForLeaderEpochApi),
  ...codecsOf(deleteRecordsApi),
  ...codecsOf(initProducerIdApi),
  ...codecsOf(heaviestKeysApi),
  ...codecsOf(replicaLogsApi),
]

function codecsOf<Request, RequestInput, Response, ResponseInput>(
  api: Api<Request, RequestInput, Response, ResponseInput>,
): Codec[] {
  const versions = Array.from(
    { length: api.versionMax - api.versionMin + 1 },
    (_, index) => api.versionMin + index,
  )
  return versions.flatMap((version) => [
    {
      name: `${api.name} request v${version}`,
      node: api.nodes.request,
      version,
      flexibleSince: api.flexibleSince,
      encode: (message) =>
        written((writer) => api.encodeRequest(writer, version, message as RequestInput)),
      decode: (bytes) => api.decodeRequest(new WireReader(bytes), version),
    },
    {
      name: `${api.name} response v${version}`,
      node: api.nodes.response,
      version,
      flexibleSince: api.flexibleSince,
      encode: (message) =>
        written((writer) => api.encodeResponse(writer, version, message as ResponseInput)),
      decode: (bytes) => api.decodeResponse(new WireReader(bytes), version),
    },
  ])
}

/** All that `write` writes, in one piece. */
export function written(write: (writer: WireWriter) => void): Buffer {
  const writer = new WireWriter()
  write(writer)
  return Buffer.concat(writer.take())
}

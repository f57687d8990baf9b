import type { AddressInfo } from 'node:net'
import type { MetadataEntry } from '@courant/api/internal/v1/metadata'
import { systemClock, systemRandom } from '@courant/kernel'
import { MetadataCopy } from '@courant/metadata'
import { createLogger, Metrics, nodeNetwork } from '@courant/service-kit'
import { Authenticator } from '../../src/auth/authenticator.ts'
import { UnknownNames } from '../../src/auth/unknown-names.ts'
import { Cors } from '../../src/http/cors.ts'
import { Draining } from '../../src/http/draining.ts'
import { createHttpServer } from '../../src/http/http-server.ts'
import { createDataPath, type DataPath } from '../../src/rest/records/data-path.ts'
import { recordRoutes, registerRecordRoutes } from '../../src/rest/records/register.ts'
import { TopicResolver } from '../../src/topics/topic-resolver.ts'
import { apiKey, brokerEntry, tenantEntries, topicEntries } from '../metadata-entries.ts'
import { MemoryBroker } from './memory-broker.ts'

export { apiKey, strangerKey, topicEntries, topicId } from '../metadata-entries.ts'

/** The routes of records behind the real HTTP server, and a broker behind a real socket. */
export interface RecordsGateway {
  readonly url: string
  readonly port: number
  readonly broker: MemoryBroker
  readonly metadata: MetadataCopy
  readonly dataPath: DataPath
  /** Names that the control plane was asked about. */
  readonly askedNames: string[]
  request(path: string, init?: RequestInit & { readonly key?: string }): Promise<Response>
  /** Applies further metadata. */
  apply(entries: readonly MetadataEntry['value'][], keys: readonly string[]): void
  stop(): Promise<void>
}

export async function startRecordsGateway(
  partitionCount = 3,
  { givesIds = true } = {},
): Promise<RecordsGateway> {
  const broker = await MemoryBroker.start()
  broker.givesIds = givesIds
  const metadata = new MetadataCopy(systemClock)
  let version = 1
  const apply: RecordsGateway['apply'] = (values, keys) => {
    version += 1
    const entries = values.map((value, index) => ({ version, key: keys[index] ?? '', value }))
    metadata.applyChanges({ version, entries })
  }
  const initial = [...tenantEntries(), brokerEntry(broker), ...topicEntries(partitionCount, {})]
  metadata.replace(
    initial.map(([key, value]) => ({ version, key, value })),
    version,
    { clusterId: 'test', clusterIncarnation: 1 },
  )
  const askedNames: string[] = []
  const unknown = new UnknownNames(
    (name) => {
      askedNames.push(name)
      return Promise.resolve({ found: false, metadataVersion: 0 })
    },
    metadata,
    systemClock,
  )
  const topics = new TopicResolver(metadata, unknown)
  const metrics = new Metrics()
  const dataPath = createDataPath({
    network: nodeNetwork,
    clock: systemClock,
    random: systemRandom,
    metrics,
    metadata,
    topics,
    draining: new Draining(),
  })
  const server = createHttpServer({
    clock: systemClock,
    random: systemRandom,
    log: createLogger({ name: 'test', level: 'fatal' }),
    metrics,
    routes: recordRoutes,
    authenticator: new Authenticator(metadata, unknown, systemClock),
    cors: new Cors([]),
    draining: new Draining(),
  })
  registerRecordRoutes(server, dataPath)
  await server.listen({ host: '127.0.0.1', port: 0 })
  const { port } = server.server.address() as AddressInfo
  const url = `http://127.0.0.1:${port}`
  return {
    url,
    port,
    broker,
    metadata,
    dataPath,
    askedNames,
    apply,
    request: (path, { key = apiKey, ...init } = {}) =>
      fetch(`${url}${path}`, {
        ...init,
        headers: { authorization: `Bearer ${key}`, ...init.headers },
      }),
    async stop() {
      broker.speak()
      server.server.closeAllConnections()
      await server.close()
      await dataPath.stop()
      await broker.stop()
    },
  }
}

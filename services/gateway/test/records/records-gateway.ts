import { hash } from 'node:crypto'
import type { AddressInfo } from 'node:net'
import { BrokerState, type MetadataEntry, Scope } from '@courant/api/internal/v1/metadata'
import { systemClock, systemRandom } from '@courant/kernel'
import { MetadataCopy } from '@courant/metadata'
import { createLogger, Metrics, nodeNetwork } from '@courant/service-kit'
import { Authenticator } from '../../src/auth/authenticator.ts'
import { UnknownNames } from '../../src/auth/unknown-names.ts'
import { Cors } from '../../src/http/cors.ts'
import { createHttpServer } from '../../src/http/http-server.ts'
import { createDataPath, type DataPath } from '../../src/rest/records/data-path.ts'
import { recordRoutes, registerRecordRoutes } from '../../src/rest/records/register.ts'
import { TopicResolver } from '../../src/topics/topic-resolver.ts'
import { MemoryBroker } from './memory-broker.ts'

export const topicId = '7b0c4c3e-9a44-4d0e-8a2f-3c1f6f5f2f10'
const tenants = [
  { tenantId: '0b9e4a52-5f0e-4d8e-b3a5-4a1f9d2c7e61', keyId: 'A'.repeat(16) },
  { tenantId: '0b9e4a52-5f0e-4d8e-b3a5-4a1f9d2c7e62', keyId: 'B'.repeat(16) },
] as const
const secret = 's'.repeat(43)
/** Keys of the tenant that has the topic `orders`, and of one that has none. */
export const apiKey = `crt_${tenants[0].keyId}_${secret}`
export const strangerKey = `crt_${tenants[1].keyId}_${secret}`

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

export async function startRecordsGateway(partitionCount = 3): Promise<RecordsGateway> {
  const broker = await MemoryBroker.start()
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
    draining: new AbortController().signal,
  })
  const server = createHttpServer({
    clock: systemClock,
    random: systemRandom,
    log: createLogger({ name: 'test', level: 'fatal' }),
    metrics,
    routes: recordRoutes,
    authenticator: new Authenticator(metadata, unknown, systemClock),
    cors: new Cors([]),
    draining: new AbortController().signal,
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

type Entry = readonly [key: string, value: MetadataEntry['value']]

function tenantEntries(): Entry[] {
  return tenants.flatMap(({ tenantId, keyId }): Entry[] => [
    [tenantId, { $case: 'tenant', value: { tenantId, name: keyId, createdAtMs: 1 } }],
    [
      keyId,
      {
        $case: 'apiKey',
        value: {
          keyId,
          tenantId,
          name: 'test',
          secretSha256: hash('sha256', secret, 'buffer'),
          scope: Scope.SCOPE_TENANT_ADMIN,
          createdAtMs: 1,
          expiresAtMs: 0,
        },
      },
    ],
  ])
}

function brokerEntry(broker: MemoryBroker): Entry {
  const { host, port } = broker.address
  const state = BrokerState.BROKER_STATE_ACTIVE
  const value = { brokerId: 1, brokerEpoch: 1, host, port, rack: '', state }
  return ['1', { $case: 'broker', value }]
}

/** The topic `orders` and its partitions. */
export function topicEntries(
  partitionCount: number,
  config: Readonly<Record<string, string>>,
): Entry[] {
  const topic = {
    topicId,
    tenantId: tenants[0].tenantId,
    name: 'orders',
    partitionCount,
    replicationFactor: 1,
    config: { ...config },
    createdAtMs: 1,
  }
  const partitions = Array.from({ length: partitionCount }, (_, partition): Entry => {
    const value = {
      topicId,
      partition,
      replicas: [1],
      inSyncReplicas: [1],
      leader: 1,
      leaderEpoch: 0,
      partitionEpoch: 0,
      effectiveMinIsr: 1,
    }
    return [`${topicId}/${partition}`, { $case: 'partition', value }]
  })
  return [[topicId, { $case: 'topic', value: topic }], ...partitions]
}

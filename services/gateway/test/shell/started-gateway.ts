import { systemClock } from '@courant/kernel'
import { type ServicePorts, systemPorts } from '@courant/service-kit'
import { type Gateway, startGateway } from '../../src/gateway.ts'
import {
  apiKey,
  brokerEntry,
  operatorEntry,
  tenantEntries,
  topicEntries,
} from '../metadata-entries.ts'
import { MemoryBroker } from '../records/memory-broker.ts'
import { MetadataServer } from './metadata-server.ts'

export const allowedOrigin = 'https://console.example.com'

/** A gateway as it runs, between a feed of metadata and a broker. */
export interface StartedGateway {
  readonly gateway: Gateway
  readonly ports: ServicePorts
  readonly control: MetadataServer
  readonly broker: MemoryBroker
  readonly url: string
  readonly port: number
  /** Sends a request; with the first tenant's key, another one, or none (`null`). */
  request(path: string, init?: RequestInit & { readonly key?: string | null }): Promise<Response>
  stop(): Promise<void>
}

export async function startGatewayForTest({
  clock = systemClock,
  shutdownDelayMs = 0,
} = {}): Promise<StartedGateway> {
  const broker = await MemoryBroker.start()
  const control = await MetadataServer.start([
    ...tenantEntries(),
    operatorEntry(),
    brokerEntry(broker),
    ...topicEntries(3, {}),
  ])
  const ports = { ...systemPorts('test', 'silent'), clock }
  const config = {
    httpHost: '127.0.0.1',
    httpPort: 0,
    grpcPort: 0,
    controlPlane: [control.address],
    corsOrigins: [allowedOrigin],
    shutdownDelayMs,
  }
  const gateway = await startGateway(config, ports)
  await gateway.ready(20_000)
  const { port } = gateway.httpAddress
  const url = `http://127.0.0.1:${port}`
  return {
    gateway,
    ports,
    control,
    broker,
    url,
    port,
    request: (path, { key = apiKey, ...init } = {}) =>
      fetch(`${url}${path}`, {
        ...init,
        headers: {
          ...(key === null ? {} : { authorization: `Bearer ${key}` }),
          ...init.headers,
        },
      }),
    async stop() {
      broker.speak()
      await gateway.stop()
      control.stop()
      await broker.stop()
    },
  }
}

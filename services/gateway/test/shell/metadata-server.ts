import { streamHandler, unaryHandler } from '@courant/api'
import {
  ApiKeyAdminServiceService,
  TenantAdminServiceService,
  TopicAdminServiceService,
} from '@courant/api/internal/v1/admin'
import { ClusterAdminServiceService } from '@courant/api/internal/v1/cluster'
import {
  type MetadataEntry,
  MetadataServiceService,
  type WatchMetadataResponse,
} from '@courant/api/internal/v1/metadata'
import { type Address, BusError } from '@courant/kernel'
import { Server, ServerCredentials, type ServiceDefinition } from '@grpc/grpc-js'
import type { Entry } from '../metadata-entries.ts'

type Changes = { readonly version: number; readonly entries: MetadataEntry[] }

/**
 * The feed of a control plane on a real socket, with its rows in memory. It administers nothing:
 * that a call came at all is kept, and the call fails.
 */
export class MetadataServer {
  /** Names of the administrative methods that were called. */
  readonly adminCalls: string[] = []
  /** Topics and keys that were asked for. */
  readonly lookUps: string[] = []
  readonly #entries: MetadataEntry[] = []
  readonly #server = new Server()
  #version = 1
  #changed = Promise.withResolvers<Changes>()
  #address: Address = { host: '127.0.0.1', port: 0 }

  static async start(entries: readonly Entry[]): Promise<MetadataServer> {
    const server = new MetadataServer()
    for (const [key, value] of entries) server.#entries.push({ version: 1, key, value })
    await server.#listen()
    return server
  }

  get address(): Address {
    return this.#address
  }

  /** Tells every watch. */
  change(entries: readonly Entry[]): void {
    this.#version += 1
    const version = this.#version
    const rows = entries.map(([key, value]) => ({ version, key, value }))
    this.#entries.push(...rows)
    const { resolve } = this.#changed
    this.#changed = Promise.withResolvers()
    resolve({ version, entries: rows })
  }

  stop(): void {
    this.#server.forceShutdown()
  }

  async #listen(): Promise<void> {
    const lookUp = (name: string) => {
      this.lookUps.push(name)
      return Promise.resolve({ found: false, metadataVersion: this.#version })
    }
    this.#server.addService(MetadataServiceService, {
      watchMetadata: streamHandler((_request, { signal }) => this.#watch(signal), ignore),
      lookupTopic: unaryHandler(({ name }: { name: string }) => lookUp(name), ignore),
      lookupApiKey: unaryHandler(({ keyId }: { keyId: string }) => lookUp(keyId), ignore),
    })
    this.#recordCalls(TopicAdminServiceService)
    this.#recordCalls(ApiKeyAdminServiceService)
    this.#recordCalls(TenantAdminServiceService)
    this.#recordCalls(ClusterAdminServiceService)
    const credentials = ServerCredentials.createInsecure()
    const port = await new Promise<number>((resolve, reject) => {
      this.#server.bindAsync('127.0.0.1:0', credentials, (error, bound) =>
        error === null ? resolve(bound) : reject(error),
      )
    })
    this.#address = { host: '127.0.0.1', port }
  }

  #recordCalls(service: ServiceDefinition): void {
    const handlers = Object.keys(service).map((method) => [
      method,
      unaryHandler(() => {
        this.adminCalls.push(method)
        return Promise.reject(new BusError('CONTROL_PLANE_UNAVAILABLE', 'Not in this test.'))
      }, ignore),
    ])
    this.#server.addService(service, Object.fromEntries(handlers))
  }

  async *#watch(signal: AbortSignal): AsyncGenerator<WatchMetadataResponse, void, undefined> {
    const gone = new Promise<null>((resolve) =>
      signal.addEventListener('abort', () => resolve(null)),
    )
    let next = this.#changed.promise
    const snapshot = { entries: [...this.#entries], version: this.#version, last: true }
    yield { ...CLUSTER, event: { $case: 'snapshot', value: snapshot } }
    while (true) {
      const value = await Promise.race([next, gone])
      if (value === null) return
      next = this.#changed.promise
      yield { ...CLUSTER, event: { $case: 'changes', value } }
    }
  }
}

const CLUSTER = { clusterId: 'test', clusterIncarnation: 1 }

function ignore(): void {
  // The caller is told; a test has no log.
}

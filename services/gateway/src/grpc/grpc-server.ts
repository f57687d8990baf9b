/** The gRPC listener. For now it serves the standard health service and nothing else. */
import type { Address } from '@courant/kernel'
import { Server, ServerCredentials } from '@grpc/grpc-js'
import { HealthImplementation } from 'grpc-health-check'

/** A health check is a few bytes; nothing larger has business here. */
const MESSAGE_BYTES_MAX = 64 * 1024
const STREAMS_PER_CONNECTION_MAX = 100

const OPTIONS = {
  'grpc.max_receive_message_length': MESSAGE_BYTES_MAX,
  'grpc.max_concurrent_streams': STREAMS_PER_CONNECTION_MAX,
}

/** The listener while it is open. */
export interface GrpcServer {
  readonly address: Address
  /** What the health service says of the whole process from now on. */
  setServing(serving: 'SERVING' | 'NOT_SERVING'): void
  stop(): void
}

/** Listens, and says NOT_SERVING until told otherwise. */
export async function startGrpcServer(address: Address): Promise<GrpcServer> {
  const server = new Server(OPTIONS)
  const health = new HealthImplementation({ '': 'NOT_SERVING' })
  health.addToServer(server)
  const host = address.host.includes(':') ? `[${address.host}]` : address.host
  const target = `${host}:${address.port}`
  const port = await new Promise<number>((resolve, reject) => {
    server.bindAsync(target, ServerCredentials.createInsecure(), (error, bound) => {
      if (error === null) resolve(bound)
      else reject(error)
    })
  })
  return {
    address: { host: address.host, port },
    setServing: (serving) => health.setStatus('', serving),
    // Watches of the health service never end by themselves: they have been told, and are cut.
    stop: () => server.forceShutdown(),
  }
}

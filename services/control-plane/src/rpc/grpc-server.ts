import type { Address, Clock } from '@courant/kernel'
import { Server, ServerCredentials } from '@grpc/grpc-js'
import { HealthImplementation } from 'grpc-health-check'

/** The internal listener while it is open. */
export interface GrpcServer {
  readonly address: Address
  /** What `grpc.health.v1.Health` says of this process as a whole. */
  setServing(status: 'SERVING' | 'NOT_SERVING'): void
  /** Takes no new calls, lets those under way finish for a while, then ends them. */
  stop(): Promise<void>
}

/** A restore tells of every log of every broker, each in some 60 bytes: a million of them. */
const MESSAGE_BYTES_MAX = 64 * 1024 * 1024

const OPTIONS = {
  'grpc.max_receive_message_length': MESSAGE_BYTES_MAX,
  // A watcher that vanished without a FIN is noticed by pings.
  'grpc.keepalive_time_ms': 30_000,
  'grpc.keepalive_timeout_ms': 10_000,
}
const STOP_MS_MAX = 5_000

export async function startGrpcServer(
  address: Address,
  clock: Clock,
  addServices: (server: Server) => void,
): Promise<GrpcServer> {
  const server = new Server(OPTIONS)
  const health = new HealthImplementation({ '': 'SERVING' })
  health.addToServer(server)
  addServices(server)
  const host = address.host.includes(':') ? `[${address.host}]` : address.host
  const port = await bind(server, `${host}:${address.port}`)
  return {
    address: { host: address.host, port },
    setServing: (status) => health.setStatus('', status),
    stop: () => stop(server, clock),
  }
}

function bind(server: Server, target: string): Promise<number> {
  return new Promise((resolve, reject) => {
    server.bindAsync(target, ServerCredentials.createInsecure(), (error, port) => {
      if (error === null) resolve(port)
      else reject(new Error(`COURANT_CONTROL_PLANE_LISTEN ${target}: ${error.message}`))
    })
  })
}

function stop(server: Server, clock: Clock): Promise<void> {
  return new Promise((resolve) => {
    const timer = clock.setTimer(STOP_MS_MAX, () => {
      server.forceShutdown()
      // It would still wait for the FIN of a peer that is frozen.
      resolve()
    })
    server.tryShutdown(() => {
      timer.cancel()
      resolve()
    })
  })
}

/** The gRPC listener: the public API beside the standard health service. */
import { type Address, type BusError, limits } from '@courant/kernel'
import type { ServicePorts } from '@courant/service-kit'
import { Server, ServerCredentials } from '@grpc/grpc-js'
import { HealthImplementation } from 'grpc-health-check'
import type { Authenticator } from '../auth/authenticator.ts'
import type { Draining } from '../http/draining.ts'
import { RequestIds } from '../http/request-id.ts'
import type { DataPath } from '../rest/records/data-path.ts'
import { addMethods } from './calls/add-methods.ts'
import { admission } from './calls/admission.ts'
import { AdmittedCalls } from './calls/call-context.ts'
import { recordService } from './records/record-service.ts'

const STREAMS_PER_CONNECTION_MAX = 100
/** A request that is a little too large shall hear by how much; grpc-js cuts off what is larger. */
const MESSAGE_BYTES_MAX = limits.bodyBytesMax + 64 * 1024

const OPTIONS = {
  'grpc.max_receive_message_length': MESSAGE_BYTES_MAX,
  'grpc.max_concurrent_streams': STREAMS_PER_CONNECTION_MAX,
}

export interface GrpcServerParts {
  readonly ports: Pick<ServicePorts, 'clock' | 'random' | 'log'>
  readonly authenticator: Authenticator
  readonly draining: Draining
  readonly dataPath: DataPath
}

/** The listener while it is open. */
export interface GrpcServer {
  readonly address: Address
  /** What the health service says of the whole process from now on. */
  setServing(serving: 'SERVING' | 'NOT_SERVING'): void
  stop(): void
}

/** Listens, and says NOT_SERVING until told otherwise. */
export async function startGrpcServer(
  address: Address,
  parts: GrpcServerParts,
): Promise<GrpcServer> {
  const { authenticator, draining, dataPath } = parts
  const { clock, random, log } = parts.ports
  const onError = (error: BusError, requestId: string): void => {
    const level = error.code === 'INTERNAL' ? 'error' : error.facts.http >= 500 ? 'warn' : 'debug'
    log[level]({ err: error, requestId }, 'refused')
  }
  const admitted = new AdmittedCalls(clock)
  const requestIds = new RequestIds(random)
  const server = new Server({
    ...OPTIONS,
    interceptors: [admission({ authenticator, draining, requestIds, admitted, onError })],
  })
  const handling = { admitted, buffers: dataPath.buffers, onError }
  addMethods(server, recordService(dataPath), handling)
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

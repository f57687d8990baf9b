/** The gRPC listener: the public API beside the standard health service. */
import { type Address, type BusError, limits, wait } from '@courant/kernel'
import type { ServicePorts } from '@courant/service-kit'
import { Server, ServerCredentials } from '@grpc/grpc-js'
import { HealthImplementation } from 'grpc-health-check'
import type { Authenticator } from '../auth/authenticator.ts'
import type { GatewayParts } from '../gateway-parts.ts'
import type { Draining } from '../http/draining.ts'
import { RequestIds } from '../http/request-id.ts'
import type { DataPath } from '../rest/records/data-path.ts'
import { addMethods } from './calls/add-methods.ts'
import { admission } from './calls/admission.ts'
import { AdmittedCalls } from './calls/call-context.ts'
import { CallMetrics } from './calls/call-metrics.ts'
import { CallsUnderWay } from './calls/calls-under-way.ts'
import { consumerService } from './consumer/consumer-service.ts'
import { groupService } from './groups/group-service.ts'
import { recordService } from './records/record-service.ts'
import { addReflection } from './reflection.ts'
import { topicService } from './topics/topic-service.ts'

const STREAMS_PER_CONNECTION_MAX = 100
/** A request that is a little too large shall hear by how much; grpc-js cuts off what is larger. */
const MESSAGE_BYTES_MAX = limits.bodyBytesMax + 64 * 1024

const OPTIONS = {
  'grpc.max_receive_message_length': MESSAGE_BYTES_MAX,
  'grpc.max_concurrent_streams': STREAMS_PER_CONNECTION_MAX,
  // A client that is gone without a word is a member of groups until that is found out.
  'grpc.keepalive_time_ms': 20_000,
  'grpc.keepalive_timeout_ms': 10_000,
}

/** Calls that do not end by themselves are cut after this. */
const DRAIN_MS_MAX = 20_000
/** What the last answers may take to leave, where a connection stays open for a watch of health. */
const LAST_ANSWERS_MS = 250

export interface GrpcServerParts {
  readonly ports: Pick<ServicePorts, 'clock' | 'random' | 'log' | 'metrics'>
  readonly authenticator: Authenticator
  readonly draining: Draining
  readonly dataPath: DataPath
  /** What the handlers of the management routes work with. */
  readonly management: GatewayParts
}

/** The listener while it is open. */
export interface GrpcServer {
  readonly address: Address
  /** What the health service says of the whole process from now on. */
  setServing(serving: 'SERVING' | 'NOT_SERVING'): void
  /** Takes no connection any more, and resolves when the calls under way have ended. */
  finish(): Promise<void>
  stop(): void
}

/** Listens, and says NOT_SERVING until told otherwise. */
export async function startGrpcServer(
  address: Address,
  parts: GrpcServerParts,
): Promise<GrpcServer> {
  const { authenticator, draining, dataPath } = parts
  const { clock, random, log, metrics } = parts.ports
  const onError = (error: BusError, requestId: string): void => {
    const level = error.code === 'INTERNAL' ? 'error' : error.facts.http >= 500 ? 'warn' : 'debug'
    log[level]({ err: error, requestId }, 'refused')
  }
  const admitted = new AdmittedCalls(clock)
  const underWay = new CallsUnderWay()
  const admissionOfCalls = admission({
    authenticator,
    draining,
    requestIds: new RequestIds(random),
    admitted,
    underWay,
    metrics: new CallMetrics(metrics, clock),
    onError,
  })
  const server = new Server({ ...OPTIONS, interceptors: [admissionOfCalls] })
  const handling = { admitted, buffers: dataPath.buffers, onError }
  const { management } = parts
  const services = [
    recordService(dataPath),
    topicService(management),
    groupService(management),
    consumerService(management.groups),
  ]
  for (const service of services) addMethods(server, service, handling)
  const health = new HealthImplementation({ '': 'NOT_SERVING' })
  health.addToServer(server)
  addReflection(server)
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
    async finish() {
      const closed = new Promise((resolve) => server.tryShutdown(resolve))
      await underWay.settled(clock, DRAIN_MS_MAX)
      await Promise.race([closed, wait(clock, LAST_ANSWERS_MS)])
    },
    // Watches of the health service never end by themselves: they have been told, and are cut.
    stop: () => server.forceShutdown(),
  }
}

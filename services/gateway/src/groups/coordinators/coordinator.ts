import { callUnary, type UnaryMethod } from '@courant/api'
import {
  GroupServiceClient,
  type MemberCommit,
  type MemberCommitResult,
  type MemberHeartbeat,
  type MemberHeartbeatResult,
} from '@courant/api/internal/v1/group'
import type { Clock, Random } from '@courant/kernel'
import { credentials } from '@grpc/grpc-js'
import { MemberWatch } from './member-watch.ts'
import { NaturalBatches } from './natural-batches.ts'

export interface CoordinatorParts {
  readonly clock: Clock
  readonly random: Random
  readonly gatewayId: string
  /** To the control plane at `target` (host:port). Does not wait for it. */
  readonly connect: (target: string) => GroupServiceClient
}

export interface CoordinatorCallOptions {
  readonly timeoutMs: number
  readonly requestId?: string
  readonly signal?: AbortSignal
}

/** What batched calls get: their callers have deadlines of their own and do not wait for longer. */
const BATCH_TIMEOUT_MS = 10_000

const CHANNEL = {
  'grpc.initial_reconnect_backoff_ms': 50,
  'grpc.max_reconnect_backoff_ms': 1_000,
  'grpc.keepalive_time_ms': 10_000,
  'grpc.keepalive_timeout_ms': 5_000,
  // A coordinator in the same process as another service is another connection.
  'grpc.use_local_subchannel_pool': 1,
}

export function connectToCoordinator(target: string): GroupServiceClient {
  return new GroupServiceClient(target, credentials.createInsecure(), CHANNEL)
}

/** One control plane as the coordinator of groups. */
export class Coordinator {
  readonly watch: MemberWatch
  readonly #client: GroupServiceClient
  readonly #clock: Clock
  readonly #commits: NaturalBatches<MemberCommit, MemberCommitResult>
  readonly #heartbeats: NaturalBatches<MemberHeartbeat, MemberHeartbeatResult>

  constructor(target: string, parts: CoordinatorParts) {
    const client = parts.connect(target)
    this.#client = client
    this.#clock = parts.clock
    this.watch = new MemberWatch({ ...parts, client })
    const options = { timeoutMs: BATCH_TIMEOUT_MS }
    this.#commits = new NaturalBatches(async (commits) => {
      const method = client.commitOffsets.bind(client)
      return (await this.#call(method, { commits }, options)).results
    })
    this.#heartbeats = new NaturalBatches(async (members) => {
      const method = client.heartbeatMembers.bind(client)
      return (await this.#call(method, { members }, options)).results
    })
  }

  call<Request, Response>(
    methodOf: (client: GroupServiceClient) => UnaryMethod<Request, Response>,
    request: Request,
    options: CoordinatorCallOptions,
  ): Promise<Response> {
    return this.#call(methodOf(this.#client), request, options)
  }

  commit(commit: MemberCommit): Promise<MemberCommitResult> {
    return this.#commits.add(commit)
  }

  heartbeat(heartbeat: MemberHeartbeat): Promise<MemberHeartbeatResult> {
    return this.#heartbeats.add(heartbeat)
  }

  close(): void {
    this.watch.close()
    this.#client.close()
  }

  #call<Request, Response>(
    method: UnaryMethod<Request, Response>,
    request: Request,
    options: CoordinatorCallOptions,
  ): Promise<Response> {
    return callUnary(method, request, { ...options, clock: this.#clock })
  }
}

/** The group service of a control plane, as a gateway calls it. */
import { callUnary, type UnaryMethod } from '@courant/api'
import {
  Assignor,
  type BeginPollRequest,
  type BeginPollResponse,
  GroupServiceClient,
  type MemberCommit,
  type MemberEvent,
  type MemberHeartbeat,
} from '@courant/api/internal/v1/group'
import { type Address, systemClock } from '@courant/kernel'
import { credentials } from '@grpc/grpc-js'
import { onCleanUp } from './fixture.ts'

export interface MemberName {
  readonly tenantId: string
  readonly group: string
  readonly memberId: string
}

export class GroupCalls {
  readonly #client: GroupServiceClient
  readonly #gatewayId: string

  constructor({ host, port }: Address, gatewayId = 'gateway-1') {
    this.#client = new GroupServiceClient(`${host}:${port}`, credentials.createInsecure())
    this.#gatewayId = gatewayId
    onCleanUp(async () => this.#client.close())
  }

  poll(
    name: MemberName,
    topics: readonly string[],
    options: Partial<BeginPollRequest> & { readonly principal?: string } = {},
  ): Promise<BeginPollResponse> {
    const { principal = 'key-1', ...rest } = options
    return this.#call(this.#client.beginPoll, {
      member: { ...name, principal },
      gatewayId: this.#gatewayId,
      pollNumber: 0,
      subscription: { topics: [...topics], pattern: '' },
      assignor: Assignor.ASSIGNOR_UNSPECIFIED,
      sessionTimeoutMs: 0,
      rebalanceTimeoutMs: 0,
      openForMs: 0,
      keepsPartitions: false,
      clientAddress: '127.0.0.1:1',
      clientSoftware: 'test',
      ...rest,
    })
  }

  async commit(commits: readonly MemberCommit[]) {
    return (await this.#call(this.#client.commitOffsets, { commits: [...commits] })).results
  }

  /** One offset of one partition. */
  async commitOne(
    name: MemberName,
    of: { memberEpoch: number; topicId: string; partition?: number; offset: number },
    releasesUpToPoll = 0,
  ) {
    const { memberEpoch, topicId, partition = 0, offset } = of
    const position = { partition, offset, leaderEpoch: 0, metadata: '' }
    const [result] = await this.commit([
      {
        member: { ...name, principal: 'key-1' },
        memberEpoch,
        topics: [{ topicId, partitions: [position] }],
        releasesUpToPoll,
        releases: [],
      },
    ])
    return result
  }

  async heartbeat(members: readonly MemberHeartbeat[]) {
    return (await this.#call(this.#client.heartbeatMembers, { members: [...members] })).results
  }

  leave(name: MemberName, principal = 'key-1') {
    return this.#call(this.#client.leaveGroup, { member: { ...name, principal } })
  }

  list(tenantId: string, page: { prefix?: string; after?: string; limit?: number } = {}) {
    const request = { tenantId, prefix: '', after: '', limit: 0, ...page }
    return this.#call(this.#client.listGroups, request)
  }

  describe(tenantId: string, group: string) {
    return this.#call(this.#client.describeGroup, { group: { tenantId, group } })
  }

  delete(tenantId: string, group: string) {
    return this.#call(this.#client.deleteGroup, { group: { tenantId, group } })
  }

  setOffset(
    { tenantId, group }: { readonly tenantId: string; readonly group: string },
    of: { topicId: string; partition?: number; offset: number },
    fencesMembers = false,
  ) {
    const { topicId, partition = 0, offset } = of
    return this.#call(this.#client.setGroupOffsets, {
      group: { tenantId, group },
      topics: [{ topicId, partitions: [{ partition, offset, leaderEpoch: -1, metadata: '' }] }],
      fencesMembers,
    })
  }

  async shards() {
    return (await this.#call(this.#client.listGroupShards, {})).shards
  }

  /** Resolves when the watch is open, with what it has been told and will be. */
  async watch(): Promise<{ readonly events: MemberEvent[]; readonly ended: Promise<void> }> {
    const stream = this.#client.watchMembers({ gatewayId: this.#gatewayId })
    onCleanUp(async () => stream.cancel())
    const events: MemberEvent[] = []
    const opened = Promise.withResolvers<void>()
    stream.on('data', (response: { events: MemberEvent[] }) => {
      events.push(...response.events)
      opened.resolve()
    })
    stream.on('error', () => {})
    const ended = new Promise<void>((resolve) => stream.on('end', resolve))
    await opened.promise
    return { events, ended }
  }

  #call<Request, Response>(
    method: UnaryMethod<Request, Response>,
    request: Request,
  ): Promise<Response> {
    const options = { timeoutMs: 20_000, clock: systemClock }
    return callUnary(method.bind(this.#client), request, options)
  }
}

/** What a poll was answered, as `<topic>-<partition>`. */
export function owned({ assignment }: BeginPollResponse): string[] {
  return assignment.flatMap(({ topic, partitions }) =>
    partitions.map(({ partition }) => `${topic}-${partition}`),
  )
}

/**
 * Worker: gateways whose members, each of a group of its own, commit one offset after the other.
 */
import { callUnary } from '@courant/api'
import {
  BeginPollRequest,
  GroupServiceClient,
  type MemberCommit,
} from '@courant/api/internal/v1/group'
import { systemClock } from '@courant/kernel'
import { credentials } from '@grpc/grpc-js'
import { type LoopResult, runClosedLoop } from './closed-loop.ts'

export interface CommitLoad {
  /** host:port of the control plane, or of what stands in for it. */
  readonly target: string
  readonly tenantId: string
  readonly topic: string
  readonly topicId: string
  readonly gateways: number
  /** Each with one member that has one commit under way. */
  readonly groups: number
  readonly seconds: number
}

const CALL = { timeoutMs: 30_000, clock: systemClock }

/** Higher than any that was committed before, to whomever. */
let nextOffset = 1

interface Target {
  readonly gateways: readonly Gateway[]
  /** By group, the epoch of its member. */
  readonly epochs: readonly number[]
}

const targets = new Map<string, Target>()

export async function run(load: CommitLoad): Promise<LoopResult> {
  const { gateways, epochs } = targets.get(load.target) ?? (await joinAll(load))
  const { groups: waiters, seconds, topicId } = load
  const first = nextOffset
  return await runClosedLoop({ waiters, seconds }, (group, turn) => {
    const offset = first + turn
    nextOffset = Math.max(nextOffset, offset + 1)
    return gateways[group % gateways.length]?.commit({
      member: memberOf(load, group),
      memberEpoch: epochs[group] ?? 0,
      topics: [{ topicId, partitions: [{ partition: 0, offset, leaderEpoch: 0, metadata: '' }] }],
      releasesUpToPoll: 0,
      releases: [],
    }) as Promise<void>
  })
}

async function joinAll(load: CommitLoad): Promise<Target> {
  const gateways = Array.from({ length: load.gateways }, () => new Gateway(load.target))
  const epochs: number[] = []
  while (epochs.length < load.groups) {
    const member = memberOf(load, epochs.length)
    epochs.push((await gateways[0]?.join(member, load.topic)) ?? 0)
  }
  const target = { gateways, epochs }
  targets.set(load.target, target)
  return target
}

function memberOf({ tenantId }: CommitLoad, group: number) {
  return { tenantId, group: `group-${group}`, memberId: 'm', principal: 'bench' }
}

/** One call at a time, with all that gathered during the one before: as our gateway does it. */
class Gateway {
  readonly #client: GroupServiceClient
  #waiting: { commit: MemberCommit; resolve: () => void; reject: (error: unknown) => void }[] = []
  #isSending = false

  constructor(target: string) {
    // Without this gateways of one process would share a connection.
    const options = { 'grpc.use_local_subchannel_pool': 1 }
    this.#client = new GroupServiceClient(target, credentials.createInsecure(), options)
  }

  async join(member: ReturnType<typeof memberOf>, topic: string): Promise<number> {
    const request = BeginPollRequest.create({
      member,
      gatewayId: 'bench',
      subscription: { topics: [topic], pattern: '' },
      // Longer than any run.
      sessionTimeoutMs: 1_800_000,
    })
    const method = this.#client.beginPoll.bind(this.#client)
    return (await callUnary(method, request, CALL)).memberEpoch
  }

  commit(commit: MemberCommit): Promise<void> {
    return new Promise((resolve, reject) => {
      this.#waiting.push({ commit, resolve, reject })
      if (!this.#isSending) void this.#sendAll()
    })
  }

  async #sendAll(): Promise<void> {
    this.#isSending = true
    while (this.#waiting.length > 0) {
      const batch = this.#waiting.splice(0)
      try {
        await this.#send(batch.map(({ commit }) => commit))
        for (const { resolve } of batch) resolve()
      } catch (error) {
        for (const { reject } of batch) reject(error)
      }
    }
    this.#isSending = false
  }

  async #send(commits: MemberCommit[]): Promise<void> {
    const method = this.#client.commitOffsets.bind(this.#client)
    const { results } = await callUnary(method, { commits }, CALL)
    const failed = results.find(
      ({ errorCode, errors, alreadyCommitted }) =>
        errorCode !== '' || errors.length > 0 || alreadyCommitted,
    )
    if (failed !== undefined || results.length !== commits.length) {
      throw new Error(`a commit did not count: ${JSON.stringify(failed)}`)
    }
  }
}

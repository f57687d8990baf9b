import type { UnaryMethod } from '@courant/api'
import type {
  GroupServiceClient,
  GroupShard,
  MemberCommit,
  MemberCommitResult,
  MemberHeartbeat,
  MemberHeartbeatResult,
} from '@courant/api/internal/v1/group'
import { groupShard } from '@courant/group'
import { BusError, type ErrorCode, errorCodes, wait } from '@courant/kernel'
import { Coordinator, type CoordinatorParts } from './coordinator.ts'

/** What the coordinators need of the control plane: any of them knows who has which shard. */
export interface ListsGroupShards {
  listGroupShards(): Promise<readonly GroupShard[]>
}

export interface GroupName {
  readonly tenantId: string
  readonly group: string
}

/** Until when, on the monotonic clock, somebody waits for the answer. */
export interface Patience {
  readonly deadlineMs: number
  readonly signal?: AbortSignal
  readonly requestId?: string
}

/** A shard that is being taken over, or a coordinator that went away: nothing is decided by it. */
const ELSEWHERE: ReadonlySet<ErrorCode> = new Set([
  'NOT_COORDINATOR',
  'CONTROL_PLANE_UNAVAILABLE',
  'CONNECTION_LOST',
  'SHUTTING_DOWN',
  'TIMED_OUT',
])
const TRY_MS_MAX = 5_000
const PAUSE_MS_MIN = 20
const PAUSE_MS_MAX = 500

/**
 * Finds the coordinator of a group and asks it. All that is asked here may be asked twice, so a
 * coordinator that is gone is looked for again until the caller's patience ends: then
 * NOT_COORDINATOR, which may be tried again.
 */
export class Coordinators {
  readonly #source: ListsGroupShards
  readonly #parts: CoordinatorParts
  readonly #byTarget = new Map<string, Coordinator>()
  /** Index is the shard; empty for none. */
  #targets: string[] = []
  #reading: Promise<void> | null = null

  constructor(source: ListsGroupShards, parts: CoordinatorParts) {
    this.#source = source
    this.#parts = parts
  }

  call<Request, Response>(
    group: GroupName,
    methodOf: (client: GroupServiceClient) => UnaryMethod<Request, Response>,
    request: Request,
    patience: Patience,
  ): Promise<Response> {
    return this.ask(group, patience, (coordinator, timeoutMs) =>
      coordinator.call(methodOf, request, { ...patience, timeoutMs }),
    )
  }

  commit(group: GroupName, commit: MemberCommit, patience: Patience): Promise<MemberCommitResult> {
    return this.ask(group, patience, async (coordinator) =>
      judged(await coordinator.commit(commit)),
    )
  }

  heartbeat(
    group: GroupName,
    heartbeat: MemberHeartbeat,
    patience: Patience,
  ): Promise<MemberHeartbeatResult> {
    return this.ask(group, patience, async (coordinator) =>
      judged(await coordinator.heartbeat(heartbeat)),
    )
  }

  /** Asks the group's coordinator, whoever that is by the time. */
  async ask<Answer>(
    { tenantId, group }: GroupName,
    { deadlineMs, signal }: Patience,
    attempt: (coordinator: Coordinator, timeoutMs: number) => Promise<Answer>,
  ): Promise<Answer> {
    const { clock, random } = this.#parts
    const shard = groupShard(tenantId, group)
    let pauseMs = PAUSE_MS_MIN
    let last = new BusError('NOT_COORDINATOR', 'Nobody coordinates the group at this moment.')
    while (true) {
      const leftMs = deadlineMs - clock.monotonicMs()
      if (leftMs <= 0 || signal?.aborted) throw refusal(last)
      try {
        const coordinator = await this.#find(shard)
        if (coordinator !== null) return await attempt(coordinator, Math.min(leftMs, TRY_MS_MAX))
      } catch (thrown) {
        last = BusError.from(thrown)
        if (!ELSEWHERE.has(last.code)) throw last
      }
      await wait(clock, Math.min(leftMs, pauseMs * (0.5 + random.next() / 2)), signal)
      pauseMs = Math.min(PAUSE_MS_MAX, pauseMs * 2)
      await this.#read().catch(() => {})
    }
  }

  /** Each of those that have a shard now: for what is about all groups. */
  async all(): Promise<Coordinator[]> {
    await this.#read()
    const targets = new Set(this.#targets.filter((target) => target !== ''))
    return [...targets].map((target) => this.#of(target))
  }

  close(): void {
    for (const coordinator of this.#byTarget.values()) coordinator.close()
  }

  async #find(shard: number): Promise<Coordinator | null> {
    if (this.#targets.length === 0) await this.#read()
    const target = this.#targets[shard] ?? ''
    return target === '' ? null : this.#of(target)
  }

  #of(target: string): Coordinator {
    const known = this.#byTarget.get(target)
    if (known !== undefined) return known
    const coordinator = new Coordinator(target, this.#parts)
    this.#byTarget.set(target, coordinator)
    return coordinator
  }

  #read(): Promise<void> {
    this.#reading ??= this.#replace().finally(() => {
      this.#reading = null
    })
    return this.#reading
  }

  async #replace(): Promise<void> {
    const targets: string[] = []
    for (const { shard, address } of await this.#source.listGroupShards()) targets[shard] = address
    this.#targets = targets
    const current = new Set(targets)
    for (const [target, coordinator] of this.#byTarget) {
      if (current.has(target)) continue
      this.#byTarget.delete(target)
      coordinator.close()
    }
  }
}

/**
 * A batch holds groups of several shards: one that has moved is told alone. LEASE_EXPIRED is an
 * answer about the member; any other code is a failure of the call, and must not pass for it.
 */
function judged<Result extends { readonly errorCode: string }>(result: Result): Result {
  const { errorCode } = result
  if (errorCode === '' || errorCode === 'LEASE_EXPIRED') return result
  const code = isErrorCode(errorCode) ? errorCode : 'INTERNAL'
  throw new BusError(code, 'The coordinator of the group did not do it.')
}

function isErrorCode(text: string): text is ErrorCode {
  return Object.hasOwn(errorCodes, text)
}

/** Whatever the last attempt died of: nothing that matters was done, and it may be tried again. */
function refusal(last: BusError): BusError {
  if (last.code === 'CONTROL_PLANE_UNAVAILABLE' || last.code === 'NOT_COORDINATOR') return last
  return new BusError('NOT_COORDINATOR', 'The coordinator of the group cannot be reached.', {
    cause: last,
  })
}

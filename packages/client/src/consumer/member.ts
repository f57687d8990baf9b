import type { Calls } from '../http/call.ts'
import { type Batch, batchOf } from './batch.ts'
import type { ConsumerOptions } from './consumer-options.ts'

const WAIT_MS = 20_000

/**
 * Where a poll goes on: behind a token, committing all that it names (`ack`) or nothing (`after`);
 * else at the committed offsets.
 */
export interface PollPosition {
  readonly ack?: string
  readonly after?: string
}

/** The requests of one member of a group. Everything rejects with CourantError. */
export class Member {
  readonly memberId: string
  readonly #calls: Calls
  readonly #options: ConsumerOptions

  constructor(calls: Calls, options: ConsumerOptions) {
    this.#calls = calls
    this.#options = options
    this.memberId = options.memberId ?? calls.settings.random.uuid()
  }

  /** Repeated as it is after a lost answer. */
  async poll(position: PollPosition, signal: AbortSignal): Promise<Batch> {
    const { group, topics, delivery: _, prefetch: __, ...options } = this.#options
    const body = {
      ...options,
      ...(topics === undefined ? {} : { topics: [...topics] }),
      ...position,
      memberId: this.memberId,
      waitMs: WAIT_MS,
      format: 'base64' as const,
    }
    const answer = await this.#calls.call(
      { name: `poll ${group}`, effect: 'repeatable', signal },
      (api, sent) =>
        api.POST('/v1/groups/{group}/poll', { params: { path: { group } }, body, ...sent }),
    )
    return batchOf(answer)
  }

  async commit(leaseToken: string): Promise<void> {
    const { group } = this.#options
    await this.#calls.call({ name: `commit ${group}`, effect: 'repeatable' }, (api, sent) =>
      api.POST('/v1/groups/{group}/commit', {
        params: { path: { group } },
        body: { leaseToken },
        ...sent,
      }),
    )
  }

  async heartbeat(leaseToken: string, signal: AbortSignal): Promise<void> {
    const { group } = this.#options
    const path = { group, memberId: this.memberId }
    const options = { name: `heartbeat ${group}`, effect: 'repeatable', signal } as const
    await this.#calls.call(options, (api, sent) =>
      api.POST('/v1/groups/{group}/members/{memberId}/heartbeat', {
        params: { path },
        body: { leaseToken },
        ...sent,
      }),
    )
  }

  async leave(): Promise<void> {
    const { group } = this.#options
    const path = { group, memberId: this.memberId }
    await this.#calls.call({ name: `leave ${group}`, effect: 'repeatable' }, (api, sent) =>
      api.DELETE('/v1/groups/{group}/members/{memberId}', { params: { path }, ...sent }),
    )
  }
}

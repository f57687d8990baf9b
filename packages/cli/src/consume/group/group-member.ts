import { randomUUID } from 'node:crypto'
import { text } from 'node:stream/consumers'
import { openRequest, responseOf } from '../../client/http-stream.ts'
import { networkFailure } from '../../client/network-failure.ts'
import type { Session } from '../../session.ts'
import { type PollText, parsePoll } from './poll-text.ts'

export interface MemberOptions {
  readonly group: string
  readonly topics: readonly string[]
  readonly autoOffsetReset: 'earliest' | 'latest'
  readonly format: 'json' | 'text'
}

export const SESSION_TIMEOUT_MS = 45_000
const WAIT_MS = 20_000

/** The requests of one member of a group. All throw a Failure. */
export class GroupMember {
  readonly #session: Session
  readonly #options: MemberOptions
  readonly #memberId = `cli-${randomUUID()}`

  constructor(session: Session, options: MemberOptions) {
    this.#session = session
    this.#options = options
  }

  /** Commits what `ack` names and reads on. Repeated as it is after a lost answer. */
  async poll(ack: string | null, maxRecords: number, signal: AbortSignal): Promise<PollText> {
    const { group, ...wants } = this.#options
    const connection = this.#session.connection()
    const request = openRequest(connection, {
      method: 'POST',
      path: `/v1/groups/${encodeURIComponent(group)}/poll`,
      headers: { 'content-type': 'application/json', accept: 'application/json' },
      signal,
    })
    const body = {
      ...wants,
      memberId: this.#memberId,
      maxRecords,
      waitMs: WAIT_MS,
      sessionTimeoutMs: SESSION_TIMEOUT_MS,
      ...(ack === null ? {} : { ack }),
    }
    request.end(JSON.stringify(body))
    try {
      // What it would commit may be sent again: a failure leaves no doubt that matters.
      return parsePoll(await text(await responseOf(request, connection, 'read')))
    } catch (error) {
      throw networkFailure(error, connection.url, 'read')
    }
  }

  async commit(leaseToken: string): Promise<void> {
    const params = { path: { group: this.#options.group } }
    await this.#session.call('read', (api) =>
      api.POST('/v1/groups/{group}/commit', { params, body: { leaseToken } }),
    )
  }

  async heartbeat(leaseToken: string): Promise<void> {
    await this.#session.call('read', (api) =>
      api.POST('/v1/groups/{group}/members/{memberId}/heartbeat', {
        params: this.#params,
        body: { leaseToken },
      }),
    )
  }

  async leave(): Promise<void> {
    const params = this.#params
    await this.#session.call('write', (api) =>
      api.DELETE('/v1/groups/{group}/members/{memberId}', { params }),
    )
  }

  get #params() {
    return { path: { group: this.#options.group, memberId: this.#memberId } }
  }
}

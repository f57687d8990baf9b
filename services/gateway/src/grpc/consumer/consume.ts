import { BusError, limits, wait } from '@courant/kernel'
import type { Groups } from '../../groups/groups.ts'
import { MemberLease, memberRef } from '../../groups/poll/member-lease.ts'
import { problemAt } from '../../produce/record-problem.ts'
import type { CallContext } from '../calls/call-context.ts'
import type { DuplexMethod, Respond } from '../calls/methods.ts'
import { untilAborted } from '../calls/until-aborted.ts'
import { waitSignal } from '../calls/wait-signal.ts'
import { ConsumerMember } from './consumer-member.ts'
import { MemberCommits } from './member-commits.ts'
import { pulse } from './member-pulse.ts'
import { MemberReading, OPEN_FOR_MS } from './member-reading.ts'
import { MemberRequests, readRequest } from './member-requests.ts'
import { Outlet } from './outlet.ts'
import { type Subscription, subscriptionOf } from './subscription.ts'

/** A group whose coordinator is being replaced is waited for. */
const BEGIN_MS_MAX = 15_000
/** Clients in Node half-close a stream that they cancel, right before they do. */
const CANCEL_FOLLOWS_MS = 100

/** `ConsumerService.Consume`. */
export function consume(groups: Groups): DuplexMethod {
  return async (messages, respond, context) => {
    const waiting = waitSignal(context.signal, groups.dataPath.draining)
    const requests = untilAborted(messages, waiting.signal)
    try {
      const first = await requests.next()
      if (first.done !== true) {
        const stream = await subscribe(groups, first.value, respond, context, waiting.signal)
        await stream.run(requests)
      }
      if (groups.dataPath.draining.hasBegun && waiting.signal.aborted) {
        throw new BusError('SHUTTING_DOWN', 'Go on at another gateway, under the same member id.')
      }
    } finally {
      waiting.end()
    }
  }
}

async function subscribe(
  groups: Groups,
  message: Buffer,
  respond: Respond,
  context: CallContext,
  signal: AbortSignal,
): Promise<ConsumerStream> {
  const request = readRequest(message)
  if (request.$case !== 'subscribe') {
    throw problemAt('INVALID_ARGUMENT', '/subscribe', 'The first request subscribes.')
  }
  const subscription = subscriptionOf(request.value, context, groups.random)
  const deadlineMs = groups.clock.monotonicMs() + BEGIN_MS_MAX
  const patience = { deadlineMs, signal, requestId: context.requestId }
  const lease = await MemberLease.begin(groups, subscription.member, 'empty', OPEN_FOR_MS, patience)
  const member = new ConsumerMember(lease)
  try {
    if (request.value.credit !== undefined) {
      member.credit.grant(request.value.credit, '/subscribe/credit')
    }
    return new ConsumerStream(groups, subscription, member, respond, signal)
  } catch (error) {
    lease.ended()
    throw error
  }
}

/** One stream: what its member asks for, what it is sent, and how it ends. */
class ConsumerStream {
  readonly #groups: Groups
  readonly #subscription: Subscription
  readonly #member: ConsumerMember
  readonly #caller: AbortSignal
  readonly #ending = new AbortController()
  readonly #outlet: Outlet
  readonly #commits: MemberCommits
  #failure: unknown = null
  #isHalfClosed = false

  constructor(
    groups: Groups,
    subscription: Subscription,
    member: ConsumerMember,
    respond: Respond,
    caller: AbortSignal,
  ) {
    const { clock, coordinators, dataPath } = groups
    const { tenantId, sessionTimeoutMs } = subscription.member
    this.#groups = groups
    this.#subscription = subscription
    this.#member = member
    this.#caller = caller
    const hold = dataPath.reads.hold(tenantId)
    this.#outlet = new Outlet(respond, hold, clock, this.#ending.signal)
    this.#commits = new MemberCommits({
      coordinators,
      member,
      outlet: this.#outlet,
      deadlineMs: () => clock.monotonicMs() + sessionTimeoutMs,
      onFailure: (error) => this.#fail(error),
    })
  }

  /** Until the member half-closes, leaves or fails. Throws why it cannot go on. */
  async run(messages: AsyncIterable<Buffer>): Promise<void> {
    const groups = this.#groups
    const { signal } = this.#ending
    const member = this.#member
    const outlet = this.#outlet
    const end = (): void => this.#ending.abort()
    this.#caller.addEventListener('abort', end, { once: true })
    if (this.#caller.aborted) end()
    const { tenantId } = this.#subscription.member
    const hold = groups.dataPath.reads.hold(tenantId)
    const reading = new MemberReading({
      ...this.#subscription,
      groups,
      member,
      outlet,
      hold,
      signal,
    })
    const fail = (error: unknown): void => this.#fail(error)
    const loops = [
      reading.run().catch(fail),
      pulse({ groups, member, outlet, signal }).catch(fail),
      this.#obey(messages).catch(fail),
    ]
    await Promise.all(loops)
    this.#caller.removeEventListener('abort', end)
    if (this.#isHalfClosed && this.#subscription.membership === 'dynamic') await this.#leave()
    else member.lease.ended()
    if (this.#failure !== null) throw this.#failure
  }

  async #obey(messages: AsyncIterable<Buffer>): Promise<void> {
    const { signal } = this.#ending
    const { reader } = this.#groups.dataPath
    const requests = new MemberRequests({
      member: this.#member,
      commits: this.#commits,
      outlet: this.#outlet,
      reader,
      signal,
    })
    for await (const message of untilAborted(messages, signal)) {
      await requests.handle(readRequest(message))
    }
    if (signal.aborted) return
    await this.#commits.flush()
    await wait(this.#groups.clock, CANCEL_FOLLOWS_MS, signal)
    this.#isHalfClosed = !signal.aborted
    this.#ending.abort()
  }

  #fail(error: unknown): void {
    if (this.#ending.signal.aborted) return
    this.#failure = error
    this.#ending.abort()
  }

  async #leave(): Promise<void> {
    const { coordinators, clock } = this.#groups
    const { lease } = this.#member
    lease.abandon()
    const member = memberRef(lease.request)
    const patience = { deadlineMs: clock.monotonicMs() + limits.controlPlaneTimeoutMs }
    const method = 'leaveGroup' as const
    await coordinators.call(member, (c) => c[method].bind(c), { member }, patience)
  }
}

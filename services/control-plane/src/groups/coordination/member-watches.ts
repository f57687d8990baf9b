import { type MemberEvent, MemberEventKind } from '@courant/api/internal/v1/group'
import type { MemberEvent as GroupEvent } from '@courant/group'
import { type Clock, limits } from '@courant/kernel'

interface Mailbox {
  /** By poll: of a poll only the latest matters. */
  readonly events: Map<string, MemberEvent>
  /** Wakes the watch that is open; null for none. */
  wake: (() => void) | null
  /** Since when none is open. */
  closedAtMs: number
}

/** How long events wait for a gateway that has no watch open: it may have lost its connection. */
const KEPT_MS = 60_000

/** What the gateways must hear of the polls that are open at them. */
export class MemberWatches {
  readonly #clock: Clock
  readonly #mailboxes = new Map<string, Mailbox>()
  readonly #stopping = new AbortController()

  constructor(clock: Clock) {
    this.#clock = clock
  }

  /** How many are open. */
  get count(): number {
    return [...this.#mailboxes.values()].filter(({ wake }) => wake !== null).length
  }

  tell(of: { readonly tenantId: string; readonly name: string }, events: readonly GroupEvent[]) {
    for (const { gatewayId, memberId, pollNumber, kind } of events) {
      const mailbox = this.#mailboxOf(gatewayId)
      mailbox.events.set(`${of.tenantId}/${of.name}/${memberId}/${pollNumber}`, {
        tenantId: of.tenantId,
        group: of.name,
        memberId,
        pollNumber,
        kind: MemberEventKind[`MEMBER_EVENT_KIND_${kind}`],
      })
      mailbox.wake?.()
      if (mailbox.events.size > limits.memberEventsWaitingMax) this.#mailboxes.delete(gatewayId)
    }
  }

  /**
   * Begins with what is pending, if that is nothing with an empty set; ends when the gateway opens
   * a newer one, or is so slow that something was forgotten: then it asks anew for all its polls.
   */
  async *watch(
    gatewayId: string,
    signal: AbortSignal,
  ): AsyncGenerator<{ events: MemberEvent[] }, void, undefined> {
    const mailbox = this.#mailboxOf(gatewayId)
    const over = AbortSignal.any([signal, this.#stopping.signal])
    let woken = Promise.withResolvers<void>()
    const wake = (): void => woken.resolve()
    mailbox.wake?.()
    mailbox.wake = wake
    over.addEventListener('abort', wake, { once: true })
    const isMine = (): boolean =>
      mailbox.wake === wake && this.#mailboxes.get(gatewayId) === mailbox && !over.aborted
    try {
      for (let isFirst = true; isMine(); isFirst = false) {
        woken = Promise.withResolvers<void>()
        const events = [...mailbox.events.values()]
        mailbox.events.clear()
        if (isFirst || events.length > 0) yield { events }
        else await woken.promise
      }
    } finally {
      over.removeEventListener('abort', wake)
      if (mailbox.wake === wake) {
        mailbox.wake = null
        mailbox.closedAtMs = this.#clock.monotonicMs()
      }
    }
  }

  /** Forgets gateways that have not come back. */
  tick(): void {
    const nowMs = this.#clock.monotonicMs()
    for (const [gatewayId, { wake, closedAtMs }] of this.#mailboxes) {
      if (wake === null && nowMs - closedAtMs > KEPT_MS) this.#mailboxes.delete(gatewayId)
    }
  }

  /** Ends all watches. */
  stop(): void {
    this.#stopping.abort()
  }

  #mailboxOf(gatewayId: string): Mailbox {
    const known = this.#mailboxes.get(gatewayId)
    if (known !== undefined) return known
    const closedAtMs = this.#clock.monotonicMs()
    const mailbox: Mailbox = { events: new Map(), wake: null, closedAtMs }
    this.#mailboxes.set(gatewayId, mailbox)
    return mailbox
  }
}

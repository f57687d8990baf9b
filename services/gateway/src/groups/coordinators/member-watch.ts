import type { GroupServiceClient, WatchMembersResponse } from '@courant/api/internal/v1/group'
import { type Clock, type Random, wait } from '@courant/kernel'
import { memberKey, type OpenPoll } from './open-poll.ts'

const BACKOFF_MS_MIN = 50
const BACKOFF_MS_MAX = 1_000

export interface MemberWatchParts {
  readonly client: GroupServiceClient
  readonly gatewayId: string
  readonly clock: Clock
  readonly random: Random
}

/**
 * Hears from one coordinator what open polls must know. The stream is open as long as there is a
 * poll; when it breaks, they are told that they are blind, for a superseded poll must not go on as
 * if nothing were.
 */
export class MemberWatch {
  readonly #parts: MemberWatchParts
  /** Several of one member: the older ones are about to hear that they are superseded. */
  readonly #polls = new Map<string, Set<OpenPoll>>()
  readonly #stopping = new AbortController()
  #isRunning = false

  constructor(parts: MemberWatchParts) {
    this.#parts = parts
  }

  /** To be called before the poll begins. Returns the function that ends the listening. */
  add(poll: OpenPoll): () => void {
    const key = memberKey(poll.name)
    const known = this.#polls.get(key)
    if (known === undefined) this.#polls.set(key, new Set([poll]))
    else known.add(poll)
    if (!this.#isRunning) void this.#run()
    return () => {
      const polls = this.#polls.get(key)
      polls?.delete(poll)
      if (polls?.size === 0) this.#polls.delete(key)
    }
  }

  close(): void {
    this.#stopping.abort()
  }

  async #run(): Promise<void> {
    this.#isRunning = true
    const { clock, random } = this.#parts
    const { signal } = this.#stopping
    let pauseMs = BACKOFF_MS_MIN
    while (!signal.aborted && this.#polls.size > 0) {
      const hasReceived = await this.#watch(signal)
      for (const polls of this.#polls.values()) for (const poll of polls) poll.add('blind')
      pauseMs = hasReceived ? BACKOFF_MS_MIN : Math.min(BACKOFF_MS_MAX, pauseMs * 2)
      await wait(clock, pauseMs * (0.5 + random.next() / 2), signal)
    }
    this.#isRunning = false
  }

  /** Until the stream breaks; whether it has said anything. Never rejects. */
  async #watch(signal: AbortSignal): Promise<boolean> {
    const { client, gatewayId } = this.#parts
    const stream = client.watchMembers({ gatewayId })
    const cancel = (): void => stream.cancel()
    signal.addEventListener('abort', cancel, { once: true })
    let hasReceived = false
    try {
      for await (const { events } of stream as AsyncIterable<WatchMembersResponse>) {
        hasReceived = true
        for (const event of events) {
          for (const poll of this.#polls.get(memberKey(event)) ?? []) poll.tell(event)
        }
      }
    } catch {
      // How it broke does not matter: the polls say what became of them.
    } finally {
      signal.removeEventListener('abort', cancel)
      stream.cancel()
    }
    return hasReceived
  }
}

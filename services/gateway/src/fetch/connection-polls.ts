import type { BrokerConnection } from '@courant/kafka-protocol'
import { BusError, limits } from '@courant/kernel'
import { fetchTargets } from './fetch-targets.ts'
import type { FetchPosition, Isolation } from './partition-fetcher.ts'
import { PollTarget, type PollWaiter, targetKey } from './poll-target.ts'

/** How long a poll of newcomers waits, and with it the next ones when too many are in flight. */
const FRESH_WAIT_MS = 250
/** Polls of newcomers in flight; beyond, newcomers gather. */
const FRESH_POLLS_MAX = 8

/**
 * The long polls over one connection. Whatever the number of readers, few requests are in flight:
 *
 * - Newcomers of one turn of the event loop travel in one *fresh* poll. It waits only shortly, so
 *   that there is soon another one for the next newcomers.
 * - Who has waited through a fresh poll is *settled*: all of these wait in one poll that lasts as
 *   long as a broker may wait. It costs the broker little, because nothing happens there; where
 *   records do arrive, readers come back as newcomers, and cost follows what changes.
 *
 * A poll cannot be cancelled; a reader that leaves is forgotten, and its place is left out of the
 * next poll. Over a connection that answers in order, one poll is in flight at a time.
 */
export class ConnectionPolls {
  readonly #connection: BrokerConnection
  readonly #targets = new Map<string, PollTarget>()
  #fresh: PollTarget[] = []
  #settled: PollTarget[] = []
  #freshInFlight = 0
  #settledInFlight = 0
  #pumpScheduled = false

  constructor(connection: BrokerConnection) {
    this.#connection = connection
  }

  /** Polls that the broker has not answered. */
  get inFlightCount(): number {
    return this.#freshInFlight + this.#settledInFlight
  }

  /** Waits at a place. Returns the function that ends the wait. */
  add(position: FetchPosition, isolation: Isolation, waiter: PollWaiter): () => void {
    const key = targetKey(position, isolation)
    const known = this.#targets.get(key)
    const target = known ?? new PollTarget(position, isolation)
    target.waiters.add(waiter)
    if (known === undefined) {
      this.#targets.set(key, target)
      this.#fresh.push(target)
      this.#pumpSoon()
    }
    return () => target.waiters.delete(waiter)
  }

  #pumpSoon(): void {
    if (this.#pumpScheduled) return
    this.#pumpScheduled = true
    setImmediate(() => {
      this.#pumpScheduled = false
      this.#pump()
    })
  }

  #pump(): void {
    if (this.#connection.answerOrder === 'in-order') {
      if (this.inFlightCount > 0) return
      this.#fresh.push(...this.#settled)
      this.#settled = []
    }
    if (this.#freshInFlight < FRESH_POLLS_MAX) {
      const targets = this.#takeOnePerPartition(this.#fresh)
      if (targets.length > 0) void this.#pollFresh(targets)
    }
    if (this.#settledInFlight === 0) {
      const targets = this.#takeOnePerPartition(this.#settled)
      if (targets.length > 0) void this.#pollSettled(targets)
    }
  }

  async #pollFresh(targets: readonly PollTarget[]): Promise<void> {
    this.#freshInFlight += 1
    await this.#poll(targets, FRESH_WAIT_MS)
    this.#freshInFlight -= 1
    this.#pump()
  }

  async #pollSettled(targets: readonly PollTarget[]): Promise<void> {
    this.#settledInFlight += 1
    await this.#poll(targets, limits.brokerWaitMsMax)
    this.#settledInFlight -= 1
    this.#pump()
  }

  /** Takes targets from the list; a request can name each partition once, so others stay. */
  #takeOnePerPartition(list: PollTarget[]): PollTarget[] {
    const taken = new Map<string, PollTarget>()
    const left: PollTarget[] = []
    for (const target of list) {
      const { topicId, partition } = target.position
      const name = `${topicId}/${partition}`
      if (target.waiters.size === 0) this.#targets.delete(target.key)
      else if (taken.has(name) || !sameIsolation(taken, target)) left.push(target)
      else taken.set(name, target)
    }
    list.length = 0
    list.push(...left)
    return [...taken.values()]
  }

  /** Never rejects: what fails, fails for those who wait. */
  async #poll(targets: readonly PollTarget[], waitMs: number): Promise<void> {
    try {
      const answers = await fetchTargets(this.#connection, targets, waitMs)
      for (const target of targets) this.#settle(target, answers.get(target) ?? null)
    } catch (thrown) {
      const error = BusError.from(thrown)
      for (const target of targets) this.#settle(target, error)
    }
  }

  #settle(
    target: PollTarget,
    answer: Parameters<PollTarget['resolve']>[0] | BusError | null,
  ): void {
    if (answer === null && target.waiters.size > 0) {
      this.#settled.push(target)
      return
    }
    this.#targets.delete(target.key)
    if (answer instanceof BusError) target.reject(answer)
    else if (answer !== null) target.resolve(answer)
  }
}

/** One request has one isolation level. */
function sameIsolation(taken: ReadonlyMap<string, PollTarget>, target: PollTarget): boolean {
  const [first] = taken.values()
  return first === undefined || first.isolation === target.isolation
}

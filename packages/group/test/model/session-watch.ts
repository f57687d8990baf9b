import { LATE_ANSWER_MS } from '../../src/member.ts'
import { require } from './checker.ts'
import type { ModelDatabase } from './model-database.ts'

interface Session {
  readonly endsAtMs: number
  /** 0 for none that the coordinator knows. */
  readonly openPoll: number
}

/** When each member's session is over, and since when it has something to release at most. */
export class SessionWatch {
  readonly #sessions = new Map<string, Session>()
  readonly #owesSinceMs = new Map<string, number>()

  began(memberId: string, openPoll: number, endsAtMs: number): void {
    this.#sessions.set(memberId, { endsAtMs, openPoll })
  }

  ended(memberId: string, poll: number, endsAtMs: number): void {
    if (this.#sessions.get(memberId)?.openPoll !== poll) return
    this.#sessions.set(memberId, { endsAtMs, openPoll: 0 })
  }

  heard(memberId: string, endsAtMs: number): void {
    const { openPoll, endsAtMs: before } = this.#sessions.get(memberId) ?? { openPoll: 0, endsAtMs }
    this.#sessions.set(memberId, { openPoll, endsAtMs: Math.max(before, endsAtMs) })
  }

  left(memberId: string): void {
    this.#sessions.delete(memberId)
    this.#owesSinceMs.delete(memberId)
  }

  wrote({ members }: ModelDatabase, nowMs: number): void {
    for (const { memberId, heldEpoch } of members.values()) {
      if (heldEpoch === null) this.#owesSinceMs.delete(memberId)
      else if (!this.#owesSinceMs.has(memberId)) this.#owesSinceMs.set(memberId, nowMs)
    }
  }

  /** After a takeover everything starts whole. */
  loaded(database: ModelDatabase, nowMs: number): void {
    this.#sessions.clear()
    this.#owesSinceMs.clear()
    for (const { memberId, sessionTimeoutMs } of database.members.values()) {
      this.began(memberId, 0, nowMs + sessionTimeoutMs + LATE_ANSWER_MS)
    }
    this.wrote(database, nowMs)
  }

  swept(left: ReadonlySet<string>, rebalanceTimeoutMs: number, nowMs: number): void {
    for (const [memberId, { endsAtMs }] of this.#sessions) {
      const owesSinceMs = this.#owesSinceMs.get(memberId) ?? Number.POSITIVE_INFINITY
      if (left.has(memberId)) {
        require(endsAtMs > nowMs, 'a member stays past its session')
        continue
      }
      const isDue = endsAtMs <= nowMs || owesSinceMs + rebalanceTimeoutMs <= nowMs
      require(isDue, 'a member is removed before its time')
      this.left(memberId)
    }
  }
}

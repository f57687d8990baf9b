import { type Clock, wait } from '@courant/kernel'
import type { Member } from './member.ts'

const FIRST_DELAY_MS = 500
const DELAY_MS_MAX = 30_000
/** Who has lived so long before it ended is started again without delay. */
const LONG_LIFE_MS = 60_000

interface Lives {
  readonly lastAtMs: number
  readonly delayMs: number
}

/** When a member that ended by itself is started again: later each time while it does not live. */
export class Supervision {
  readonly #clock: Clock
  readonly #ending: AbortSignal
  readonly #lives = new WeakMap<Member, Lives>()

  constructor(clock: Clock, ending: AbortSignal) {
    this.#clock = clock
    this.#ending = ending
  }

  /** A start that fails because the process ends again is the next call's matter. */
  async revive(
    member: Member,
    start: () => Promise<void>,
    say: (line: string) => void,
  ): Promise<void> {
    await wait(this.#clock, this.#delayMs(member), this.#ending)
    if (this.#ending.aborted) return
    await start().catch((error: Error) => say(error.message))
  }

  #delayMs(member: Member): number {
    const now = this.#clock.monotonicMs()
    const before = this.#lives.get(member)
    const isYoung = before !== undefined && now - before.lastAtMs < LONG_LIFE_MS
    const delayMs = isYoung
      ? Math.min(DELAY_MS_MAX, Math.max(FIRST_DELAY_MS, before.delayMs * 2))
      : 0
    this.#lives.set(member, { lastAtMs: now, delayMs })
    return delayMs
  }
}

import type { PollText } from './poll-text.ts'

/** What a person should know of a member beside its records, each told when it begins. */
export class MemberNews {
  readonly #note: (text: string) => void
  #idleReason: string | undefined

  constructor(note: (text: string) => void) {
    this.#note = note
  }

  tell({ idleReason, resets = [] }: PollText['rest']): void {
    for (const { topic, partition, reason, from, to } of resets) {
      // A group that is new begins where it was told to.
      if (from === null) continue
      this.#note(`${topic} ${partition}: reads on at ${to} instead of ${from} (${reason}).`)
    }
    if (idleReason !== undefined && idleReason !== this.#idleReason) {
      this.#note(`This member has no partition: ${idleReason}.`)
    }
    this.#idleReason = idleReason
  }

  leaseExpired(): void {
    this.#note('The session had run out: what was printed last may be printed again.')
  }
}

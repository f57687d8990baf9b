import type { MemberEvent } from './calls.ts'
import type { Member } from './member.ts'

/** What open polls are to be told when the rows are written. */
export class MemberEvents {
  #events: MemberEvent[] = []

  tell({ memberId, openPoll }: Member, kind: MemberEvent['kind']): void {
    if (openPoll === null) return
    const { gatewayId, number: pollNumber } = openPoll
    this.#events.push({ gatewayId, memberId, pollNumber, kind })
  }

  take(): MemberEvent[] {
    const events = this.#events
    this.#events = []
    return events
  }
}

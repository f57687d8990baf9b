import { type MemberEvent, MemberEventKind } from '@courant/api/internal/v1/group'

/**
 * What a poll must know at once; the more urgent one wins. `blind`: its coordinator is not heard.
 */
export type PollEvent = 'superseded' | 'removed' | 'blind' | 'assignmentChanged'

const URGENCY: readonly PollEvent[] = ['superseded', 'removed', 'blind', 'assignmentChanged']

const EVENTS: Readonly<Record<number, PollEvent>> = {
  [MemberEventKind.MEMBER_EVENT_KIND_SUPERSEDED]: 'superseded',
  [MemberEventKind.MEMBER_EVENT_KIND_REMOVED]: 'removed',
  [MemberEventKind.MEMBER_EVENT_KIND_ASSIGNMENT_CHANGED]: 'assignmentChanged',
}

export interface MemberName {
  readonly tenantId: string
  readonly group: string
  readonly memberId: string
}

/**
 * A poll or stream of a member, as its coordinator's watch finds it. It listens from before it
 * begins: an event of a poll may overtake the answer that tells the poll's number.
 */
export class OpenPoll {
  readonly name: MemberName
  readonly #pending = new Set<PollEvent>()
  #early: MemberEvent[] | null = []
  #number = 0
  #listener: () => void = () => {}

  constructor(name: MemberName) {
    this.name = name
  }

  /** 0 until it has begun. */
  get number(): number {
    return this.#number
  }

  /** Called for every event, until replaced. */
  set onEvent(listener: () => void) {
    this.#listener = listener
  }

  get hasEvent(): boolean {
    return this.#pending.size > 0
  }

  began(pollNumber: number): void {
    this.#number = pollNumber
    const early = this.#early ?? []
    this.#early = null
    for (const event of early) this.tell(event)
  }

  tell(event: MemberEvent): void {
    if (this.#early !== null) this.#early.push(event)
    else if (event.pollNumber === this.#number) this.add(EVENTS[event.kind] ?? 'assignmentChanged')
  }

  add(event: PollEvent): void {
    this.#pending.add(event)
    this.#listener()
  }

  /** Takes the most urgent event. */
  take(): PollEvent | null {
    const event = URGENCY.find((kind) => this.#pending.has(kind)) ?? null
    if (event !== null) this.#pending.delete(event)
    return event
  }
}

/** None of the parts holds a slash. */
export function memberKey({ tenantId, group, memberId }: MemberName): string {
  return `${tenantId}/${group}/${memberId}`
}

import type { BeginPollResponse } from '@courant/api/internal/v1/group'
import type { MemberLease } from '../../groups/poll/member-lease.ts'
import type { MemberPosition } from '../../groups/poll/member-positions.ts'

/**
 * Partitions between a member and the next owner. One that is to move is asked for, and is not read
 * until the member has released it, also where the coordinator thinks better of it meanwhile: what
 * the member says of the one might be taken for the other. Then it is given away, until the
 * coordinator has said what became of it.
 */
export class Handover {
  readonly #lease: MemberLease
  readonly #asked = new Set<MemberPosition>()
  /** With what the coordinator had said when it was told; null: it is being told. */
  readonly #released = new Map<MemberPosition, BeginPollResponse | null>()

  constructor(lease: MemberLease) {
    this.#lease = lease
  }

  /** Takes on what the coordinator says now. */
  update(): void {
    const { positions, state } = this.#lease
    for (const position of this.#asked) {
      if (!positions.isOwned(position)) this.#asked.delete(position)
    }
    for (const [position, toldIn] of this.#released) {
      const isAnswered = toldIn !== null && toldIn !== state
      if (isAnswered || !positions.isOwned(position)) this.#released.delete(position)
    }
    for (const position of positions.revoking) {
      if (!this.#released.has(position)) this.#asked.add(position)
    }
  }

  /** What the member is to release. */
  get asked(): ReadonlySet<MemberPosition> {
    return this.#asked
  }

  holds(position: MemberPosition): boolean {
    return this.#asked.has(position) || this.#released.has(position)
  }

  /** False: nobody wants it. */
  release(position: MemberPosition): boolean {
    if (!this.#asked.delete(position)) return false
    this.#released.set(position, null)
    return true
  }

  /** The coordinator has been told: what it says from now on counts. */
  told(position: MemberPosition): void {
    if (this.#released.has(position)) this.#released.set(position, this.#lease.state)
  }
}

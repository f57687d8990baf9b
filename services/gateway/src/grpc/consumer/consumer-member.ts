import { BusError } from '@courant/kernel'
import type { MemberLease } from '../../groups/poll/member-lease.ts'
import type { MemberPosition } from '../../groups/poll/member-positions.ts'
import { Credit } from './credit.ts'
import { Delivered } from './delivered.ts'
import { Handover } from './handover.ts'

/** A member while its stream is open: what its requests change and its reading follows. */
export class ConsumerMember {
  readonly lease: MemberLease
  readonly credit = new Credit()
  readonly delivered = new Delivered()
  readonly handover: Handover
  readonly #paused = new Set<MemberPosition>()
  #waking = new AbortController()

  constructor(lease: MemberLease) {
    this.lease = lease
    this.handover = new Handover(lease)
  }

  /** Throws LEASE_EXPIRED where the partition is not the member's. */
  position(topic: string, partition: number): MemberPosition {
    const position = this.lease.positions.find(topic, partition)
    if (position !== null) return position
    const detail = `Partition ${partition} of ${JSON.stringify(topic)} is not the member's.`
    throw new BusError('LEASE_EXPIRED', detail)
  }

  mayRead(position: MemberPosition): boolean {
    return this.credit.isOpen && !this.#paused.has(position) && !this.handover.holds(position)
  }

  /** What the coordinator says by now. */
  adopt(): void {
    this.handover.update()
    for (const position of this.#paused) {
      if (!this.lease.positions.isOwned(position)) this.#paused.delete(position)
    }
  }

  pause(position: MemberPosition): void {
    this.#paused.add(position)
  }

  resume(position: MemberPosition): void {
    if (this.#paused.delete(position)) this.wake()
  }

  seek(position: MemberPosition, offset: number): void {
    position.next = offset
    position.leaderEpoch = -1
    this.wake()
  }

  /** Nothing of it is in work: whoever reads it next begins behind what was acknowledged. */
  release(position: MemberPosition): boolean {
    if (!this.handover.release(position)) return false
    position.next = this.delivered.resumeAt(position)
    position.leaderEpoch = -1
    return true
  }

  /** Ends the wait of the reading: there may be something else to read. */
  wake(): void {
    this.#waking.abort()
  }

  /** Aborts with the next `wake`: to be armed before looking at what may be read. */
  arm(): AbortSignal {
    this.#waking = new AbortController()
    return this.#waking.signal
  }
}

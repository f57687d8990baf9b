/** Somebody who waits for room. */
export interface RoomWaiter {
  readonly bytes: number
  /** The bytes have been counted. */
  readonly admit: () => void
}

/** What the reads of one tenant hold and wait for. */
export interface ReadShare {
  bytes: number
  /** In the order of their arrival. */
  readonly waiting: Set<RoomWaiter>
}

/** A single answer may be larger than all room: else nobody could ever have it. */
export function hasRoom(taken: number, wanted: number, max: number): boolean {
  return taken === 0 || taken + wanted <= max
}

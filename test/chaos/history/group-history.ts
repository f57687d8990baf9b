import type { Place } from './history.ts'

/** Records that one poll gave to a member, in the order of the answer. */
export interface Delivery {
  readonly memberId: string
  /** One process of a member; unique in the run. */
  readonly life: number
  /** When the member asked. Monotonic nanoseconds. */
  readonly askedNs: number
  readonly records: readonly (Place & { readonly value: number })[]
}

/** An acknowledgement that was answered with success: the group is behind these records. */
export interface Ack {
  readonly memberId: string
  readonly life: number
  readonly answeredNs: number
  readonly records: readonly Place[]
}

/** What the members of the one consumer group have lived through. */
export interface GroupHistory {
  readonly deliveries: readonly Delivery[]
  readonly acks: readonly Ack[]
}

/** Where a message is now. */
export interface WrittenRecord {
  readonly partition: number
  /** Null with `acks: 'none'`. */
  readonly offset: number | null
  /** Epoch milliseconds. */
  readonly timestamp: number | null
}

/** A header of a record: names may repeat, and a null value is not an empty one. */
export interface RecordHeader {
  readonly name: string
  readonly value: Buffer | null
}

/** One record, decoded. Key and values are views of the batch's bytes. */
export interface Record {
  readonly offset: number
  readonly timestamp: number
  readonly key: Buffer | null
  /** Null is a tombstone. */
  readonly value: Buffer | null
  readonly headers: readonly RecordHeader[]
}

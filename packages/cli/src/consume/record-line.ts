/** A record as it came from the server. */
export interface RecordLine {
  readonly partition: number
  readonly offset: number
  readonly timestamp: number
  /** The JSON text of the record, never printed again: its numbers keep their digits. */
  readonly text: string
}

/** Members that a record may have when values are asked for as text. */
export interface ReadRecord {
  readonly offset: number
  readonly timestamp: number
  readonly key?: string | null
  readonly keyBase64?: string
  readonly value?: null
  readonly valueText?: string
  readonly valueBase64?: string
}

/** A record as it is printed. */
export interface PrintableRecord {
  /** Absent where the text has it. */
  readonly partition?: number
  /** The JSON text of the record, never printed again: its numbers keep their digits. */
  readonly text: string
}

/** A record as it came from the server. */
export interface RecordLine extends PrintableRecord {
  readonly partition: number
  readonly offset: number
  readonly timestamp: number
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

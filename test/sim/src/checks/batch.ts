import { RecordCursor, recordBatches } from '@courant/record-batch'

/** A record batch of a log, with all that must be the same on every replica. */
export interface Batch {
  readonly base: number
  readonly next: number
  readonly epoch: number
  /** Over everything behind the leader epoch. */
  readonly crc: number
  readonly maxTimestamp: number
  readonly values: readonly string[]
}

export function isSame(one: Batch, other: Batch): boolean {
  return (
    one.base === other.base &&
    one.next === other.next &&
    one.epoch === other.epoch &&
    one.crc === other.crc
  )
}

export function nameOf({ base, next, epoch, values }: Batch): string {
  return `[${base}, ${next}) of epoch ${epoch}: ${values.join(' ')}`
}

export function batchesOf(bytes: Buffer): Batch[] {
  return [...recordBatches(bytes)].map((batch) => {
    const values: string[] = []
    for (const cursor = new RecordCursor(batch); cursor.next(); ) {
      values.push(nameIn(cursor.value))
    }
    return {
      base: batch.baseOffset,
      next: batch.nextOffset,
      epoch: batch.partitionLeaderEpoch,
      crc: batch.crc,
      maxTimestamp: batch.maxTimestamp,
      values,
    }
  })
}

/** The value that a client wrote, without its padding. */
function nameIn(value: Buffer | null): string {
  if (value === null) return ''
  const end = value.indexOf(PADDING)
  return value.toString('latin1', 0, end < 0 ? value.length : end)
}

export const PADDING = ' '

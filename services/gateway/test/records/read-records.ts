import { type Record, type RecordBatch, RecordCursor } from '@courant/record-batch'

/** All records of a batch as objects. */
export function readRecords(batch: RecordBatch): Record[] {
  const cursor = new RecordCursor(batch)
  const records: Record[] = []
  while (cursor.next()) records.push(cursor.record())
  return records
}

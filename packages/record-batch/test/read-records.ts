import { type Record, RecordBatch, RecordCursor } from '../src/index.ts'

/** All records of one batch as objects. */
export function readRecords(bytes: Buffer): Record[] {
  const cursor = new RecordCursor(new RecordBatch(bytes))
  const records: Record[] = []
  while (cursor.next()) records.push(cursor.record())
  return records
}

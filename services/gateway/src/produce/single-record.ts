import type { RecordHeader } from '@courant/record-batch'
import { addHeaders } from './header-parser.ts'
import type { ParsedRecords } from './parsed-records.ts'
import { problemAt } from './record-problem.ts'

/** One record that did not come as a record object: a raw value or an event. */
export interface SingleRecord {
  readonly key: string | null
  readonly value: Buffer | null
  readonly headers: readonly RecordHeader[]
  readonly partition: number | null
}

/** Puts the record into `records`, alone. */
export function setSingleRecord(
  records: ParsedRecords,
  { key, value, headers, partition }: SingleRecord,
  partitionCount: number,
): void {
  records.reset(value ?? NO_BYTES)
  const index = records.add()
  if (value !== null) records.setValue(index, 0, value.length)
  if (key !== null) {
    const bytes = Buffer.from(key)
    const start = records.addSide(bytes)
    records.setKey(index, start, start + bytes.length)
  }
  addHeaders(records, index, headers, () => '/headers')
  if (partition === null) return
  if (partition >= partitionCount) {
    const detail = `The topic has the partitions 0 to ${partitionCount - 1}.`
    throw problemAt('INVALID_RECORD', '?partition', detail)
  }
  records.setPartition(index, partition)
}

const NO_BYTES = Buffer.alloc(0)

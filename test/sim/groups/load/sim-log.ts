import { BusError } from '@courant/kernel'
import { RecordBatchBuilder, recordSource, stampBatchAt } from '@courant/record-batch'

type StampedOffset = Parameters<typeof stampBatchAt>[2]
type StampedEpoch = Parameters<typeof stampBatchAt>[3]

const RECORDS_PER_READ_MAX = 8

/** The committed records of one partition: their values, by offset. */
export class SimLog {
  readonly values: string[] = []
  #waiting: (() => void)[] = []

  get end(): number {
    return this.values.length
  }

  append(value: string): void {
    this.values.push(value)
    for (const wake of this.#waiting.splice(0)) wake()
  }

  /** Called once at the next append. */
  onAppend(wake: () => void): void {
    this.#waiting.push(wake)
  }

  /** A record batch that begins at the offset; empty at the end of the log. */
  read(offset: number): Buffer {
    if (offset > this.end) throw new BusError('OFFSET_OUT_OF_RANGE', 'Beyond the end of the log.')
    const values = this.values.slice(offset, offset + RECORDS_PER_READ_MAX)
    if (values.length === 0) return Buffer.alloc(0)
    const builder = new RecordBatchBuilder(0)
    for (const value of values) builder.append(recordSource({ timestamp: 0, value }))
    const batch = builder.seal()
    stampBatchAt(batch, 0, offset as StampedOffset, 0 as StampedEpoch)
    return batch
  }
}

import { assert } from '@courant/kernel'
import { type RecordBatch, RecordCursor, recordBatches } from '@courant/record-batch'
import { ByteWriter } from './byte-writer.ts'
import { type RecordFormat, RecordWriter } from './record-writer.ts'

/** How records are put one behind the other. */
export type PageLayout = 'list' | 'lines' | 'events'

export interface PageOptions {
  /** Records before it, which a batch may begin with, are left out. */
  readonly offset: number
  readonly maxRecords: number
  readonly format: RecordFormat
  readonly layout: PageLayout
}

/** Bytes encoded in one turn of the event loop, give or take a batch. */
const SLICE_BYTES = 512 * 1024
/** What a record's text has beyond its stored bytes, most of the time. */
const TEXT_BYTES_PER_RECORD = 96

/**
 * Encodes fetched batches as text, in slices: each call of `next` goes on for some hundred KiB, so that
 * a large page does not hold up everybody else. Control batches are not records and are left out.
 */
export class RecordPage {
  /** Where the next read goes on. */
  nextOffset: number
  recordCount = 0
  readonly #options: PageOptions
  readonly #out: ByteWriter
  readonly #writer: RecordWriter
  readonly #batches: Iterator<RecordBatch>
  #cursor: RecordCursor | null = null
  #batch: RecordBatch | null = null

  constructor(records: Buffer, options: PageOptions) {
    this.#options = options
    this.nextOffset = options.offset
    const { format, layout, maxRecords } = options
    this.#out = new ByteWriter(estimatedBytes(records, maxRecords))
    this.#writer = new RecordWriter(this.#out, format, layout === 'list' ? 'free' : 'single')
    this.#batches = recordBatches(records)
    if (layout === 'list') this.#out.ascii('{"records":[')
  }

  /** True: all is encoded. */
  next(): boolean {
    const sliceEnd = this.#out.size + SLICE_BYTES
    while (this.#out.size < sliceEnd) {
      if (this.recordCount === this.#options.maxRecords) return true
      if (this.#cursor === null) {
        if (!this.#nextBatch()) return true
      } else if (!this.#writeRecords(this.#cursor, sliceEnd)) {
        this.#endBatch()
      }
    }
    return false
  }

  /** The text; the page is spent. */
  take(): Buffer {
    return this.#out.take()
  }

  /** A list as a JSON document, with `members` behind it. The page is spent. */
  takeDocument(members: string): Buffer {
    this.#out.ascii('],')
    this.#out.ascii(members)
    return this.#out.take()
  }

  #nextBatch(): boolean {
    const { done, value } = this.#batches.next()
    if (done === true) return false
    this.#batch = value
    if (value.isControl) this.#endBatch()
    else this.#cursor = new RecordCursor(value)
    return true
  }

  /** Offsets at the end of a batch may be empty; the next read need not see it again. */
  #endBatch(): void {
    assert(this.#batch !== null, 'a batch ends that has begun')
    this.nextOffset = Math.max(this.nextOffset, this.#batch.nextOffset)
    this.#cursor = null
  }

  /** False: the batch has no further record. */
  #writeRecords(cursor: RecordCursor, sliceEnd: number): boolean {
    const { offset, maxRecords, layout } = this.#options
    const out = this.#out
    const writer = this.#writer
    while (out.size < sliceEnd && this.recordCount < maxRecords) {
      if (!cursor.next()) return false
      if (cursor.offset < offset) continue
      if (layout === 'lines') {
        writer.write(cursor)
        out.ascii('\n')
      } else if (layout === 'events') {
        out.ascii('id: ')
        out.integer(cursor.offset + 1)
        out.ascii('\ndata: ')
        writer.write(cursor)
        out.ascii('\n\n')
      } else {
        if (this.recordCount > 0) out.ascii(',')
        writer.write(cursor)
      }
      this.recordCount += 1
      this.nextOffset = cursor.offset + 1
    }
    return true
  }
}

function estimatedBytes(records: Buffer, maxRecords: number): number {
  let count = 0
  let bytes = 0
  for (const batch of recordBatches(records)) {
    count += batch.recordCount
    bytes += batch.size
  }
  const share = count === 0 ? 1 : Math.min(1, maxRecords / count)
  return Math.ceil(bytes * share + Math.min(count, maxRecords) * TEXT_BYTES_PER_RECORD)
}

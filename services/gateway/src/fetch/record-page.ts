import { assert } from '@courant/kernel'
import { type RecordBatch, RecordCursor, recordBatches } from '@courant/record-batch'
import type { BufferPool } from './buffer-pool.ts'
import { type Borrowed, ByteWriter, constant } from './byte-writer.ts'
import type { EncodedBatch, EncodedBatches } from './encoded-batches.ts'
import { type Lines, type RecordFormat, RecordWriter } from './record-writer.ts'

/** How records are put one behind the other. */
export type PageLayout = 'list' | 'lines' | 'events'

/** A list that goes on over pages of several partitions, and what its records begin with. */
export interface SharedList {
  readonly out: ByteWriter
  /** Records that the list has before this page. */
  readonly recordCount: number
  /** `{"topic":…,"partition":…,"offset":` */
  readonly opening: Buffer
  readonly lines: Lines
}

export interface PageOptions {
  /** Names the partition, for batches that are encoded already. */
  readonly partition: string
  /** Records before it, which a batch may begin with, are left out. */
  readonly offset: number
  readonly maxRecords: number
  readonly format: RecordFormat
  readonly layout: PageLayout
}

/** Bytes encoded in one turn of the event loop, give or take a batch. */
const SLICE_BYTES = 512 * 1024
/** What a record's text has beyond its stored bytes, most of the time. */
const TEXT_BYTES_PER_RECORD = 80

const LIST = constant('{"records":[')
const LIST_END = constant('],')
const COMMA = constant(',')
const LINE_END = constant('\n')
const EVENT_ID = constant('id: ')
const EVENT_DATA = constant('\ndata: ')
const EVENT_END = constant('\n\n')

/** A batch that is being encoded, from its first record that the page may show. */
interface Encoding {
  readonly batch: RecordBatch
  readonly cursor: RecordCursor
  /** Where its text begins; null when the page does not show it from its first record on. */
  readonly textStart: number | null
  readonly ends: Int32Array
}

/**
 * Encodes fetched batches as text, in slices: each call of `next` goes on for some hundred KiB, so
 * that a large page does not hold up everybody else. Batches that another page has encoded are
 * copied. Control batches are not records and are left out.
 */
export class RecordPage {
  /** Where the next read goes on. */
  nextOffset: number
  recordCount = 0
  /** Of the last batch of which the page shows something; -1 before. */
  leaderEpoch = -1
  readonly #recordsBefore: number
  readonly #options: PageOptions
  readonly #scope: string
  readonly #encoded: EncodedBatches
  readonly #out: ByteWriter
  readonly #writer: RecordWriter
  readonly #batches: Iterator<RecordBatch>
  #current: Encoding | null = null

  constructor(
    records: Buffer,
    options: PageOptions,
    encoded: EncodedBatches,
    pool: BufferPool | null = null,
    shared: SharedList | null = null,
  ) {
    const { offset, format, layout, maxRecords, partition } = options
    const lines = shared?.lines ?? (layout === 'list' ? 'free' : 'single')
    const shape = shared === null ? layout : `shared/${lines}`
    this.#options = options
    this.#scope = `${partition}/${format}/${shape}`
    this.#encoded = encoded
    this.nextOffset = offset
    this.#recordsBefore = shared?.recordCount ?? 0
    this.#out = shared?.out ?? new ByteWriter(estimatedBytes(records, maxRecords), pool)
    this.#writer = new RecordWriter(this.#out, format, lines, shared?.opening)
    this.#batches = recordBatches(records)
    if (layout === 'list' && shared === null) this.#out.constant(LIST)
  }

  /** Bytes of text so far. */
  get size(): number {
    return this.#out.size
  }

  /** True: all is encoded. */
  next(): boolean {
    const sliceEnd = this.#out.size + SLICE_BYTES
    while (this.#out.size < sliceEnd) {
      if (this.recordCount === this.#options.maxRecords) return true
      if (this.#current !== null) this.#encode(this.#current, sliceEnd)
      else if (!this.#nextBatch()) return true
    }
    return false
  }

  /** The text; the page is spent. */
  take(): Buffer {
    return this.#out.take()
  }

  /** A list as a JSON document, with `members` behind it. The page is spent. */
  takeDocument(members: string): Borrowed {
    this.#out.constant(LIST_END)
    this.#out.ascii(members)
    return this.#out.takeBorrowed()
  }

  get #isBehindOthers(): boolean {
    return this.#recordsBefore + this.recordCount > 0
  }

  #nextBatch(): boolean {
    const { done, value: batch } = this.#batches.next()
    if (done === true) return false
    if (batch.isControl || batch.lastOffset < this.#options.offset) {
      this.#endBatch(batch)
      return true
    }
    this.leaderEpoch = batch.partitionLeaderEpoch
    const encoded = this.#encoded.get(this.#scope, batch)
    if (encoded === null) this.#begin(batch)
    else this.#copy(batch, encoded)
    return true
  }

  /** Offsets at the end of a batch may be empty; the next read need not see it again. */
  #endBatch(batch: RecordBatch): void {
    this.nextOffset = Math.max(this.nextOffset, batch.nextOffset)
    this.#current = null
  }

  #begin(batch: RecordBatch): void {
    const { recordCount, baseOffset, lastOffset } = batch
    // Only where offset and place in the batch tell the same can a part be cut out of it later.
    const isDense = recordCount === lastOffset - baseOffset + 1
    const isWhole = isDense && baseOffset >= this.#options.offset
    const separated = this.#options.layout === 'list' && this.#isBehindOthers
    this.#current = {
      batch,
      cursor: new RecordCursor(batch),
      textStart: isWhole ? this.#out.size + (separated ? COMMA.size : 0) : null,
      ends: new Int32Array(isWhole ? recordCount : 0),
    }
  }

  #encode(current: Encoding, sliceEnd: number): void {
    const { batch, cursor, textStart, ends } = current
    const { offset, maxRecords } = this.#options
    const out = this.#out
    while (out.size < sliceEnd && this.recordCount < maxRecords && cursor.next()) {
      if (cursor.offset < offset) continue
      this.#write(cursor)
      this.recordCount += 1
      this.nextOffset = cursor.offset + 1
      if (textStart !== null) ends[cursor.index] = out.size - textStart
    }
    if (cursor.index + 1 < batch.recordCount) return
    if (textStart !== null) this.#keep(batch, textStart, ends)
    this.#endBatch(batch)
  }

  #write(cursor: RecordCursor): void {
    const { layout } = this.#options
    const out = this.#out
    if (layout === 'list') {
      if (this.#isBehindOthers) out.constant(COMMA)
      this.#writer.write(cursor)
    } else if (layout === 'lines') {
      this.#writer.write(cursor)
      out.constant(LINE_END)
    } else {
      out.constant(EVENT_ID)
      out.integer(cursor.offset + 1)
      out.constant(EVENT_DATA)
      this.#writer.write(cursor)
      out.constant(EVENT_END)
    }
  }

  #keep(batch: RecordBatch, textStart: number, ends: Int32Array): void {
    const text = this.#out.copy(textStart, textStart + (ends.at(-1) ?? 0))
    const separatorSize = this.#options.layout === 'list' ? COMMA.size : 0
    this.#encoded.put(this.#scope, batch, { text, ends, separatorSize })
  }

  #copy(batch: RecordBatch, { text, ends, separatorSize }: EncodedBatch): void {
    const { offset, maxRecords, layout } = this.#options
    const first = Math.max(0, offset - batch.baseOffset)
    const last = Math.min(ends.length, first + maxRecords - this.recordCount) - 1
    assert(first <= last, 'a batch that is shown has a record to show')
    if (layout === 'list' && this.#isBehindOthers) this.#out.constant(COMMA)
    const start = first === 0 ? 0 : (ends[first - 1] ?? 0) + separatorSize
    this.#out.bytes(text, start, ends[last] ?? 0)
    this.recordCount += last - first + 1
    this.nextOffset = batch.baseOffset + last + 1
  }
}

/** Guessed from the headers alone, so that the text seldom has to move to a larger buffer. */
function estimatedBytes(records: Buffer, maxRecords: number): number {
  let count = 0
  let bytes = 0
  for (const batch of recordBatches(records)) {
    count += batch.recordCount
    bytes += batch.size
  }
  const share = count === 0 ? 1 : Math.min(1, maxRecords / count)
  return Math.ceil(bytes * share + Math.min(count, maxRecords) * TEXT_BYTES_PER_RECORD + 256)
}

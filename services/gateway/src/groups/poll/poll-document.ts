import { assert } from '@courant/kernel'
import type { BufferPool } from '../../fetch/buffer-pool.ts'
import { type Borrowed, ByteWriter, constant } from '../../fetch/byte-writer.ts'
import type { EncodedBatches } from '../../fetch/encoded-batches.ts'
import { partitionName } from '../../fetch/partition-fetcher.ts'
import type { ReadHold } from '../../fetch/read-hold.ts'
import { RecordPage } from '../../fetch/record-page.ts'
import type { Lines } from '../../fetch/record-writer.ts'
import { nextTurn } from '../../produce/next-turn.ts'
import type { ReadPosition } from './member-positions.ts'
import type { PollBounds } from './poll-request.ts'
import type { FoundRange } from './range-reader.ts'

const LIST = constant('{"records":[')
const LIST_END = constant('],')
/** What a record's text has beyond its stored bytes, most of the time. */
const TEXT_BYTES_PER_RECORD = 120

export interface DocumentParts {
  readonly encodedBatches: EncodedBatches
  readonly buffers: BufferPool
}

/** Records of several partitions as the beginning of one JSON document. */
export class PollDocument {
  recordCount = 0
  readonly #parts: DocumentParts
  readonly #bounds: PollBounds
  readonly #lines: Lines
  readonly #out: ByteWriter

  constructor(
    parts: DocumentParts,
    found: readonly FoundRange[],
    bounds: PollBounds,
    lines: Lines,
  ) {
    this.#parts = parts
    this.#bounds = bounds
    this.#lines = lines
    const stored = found.reduce((sum, { fetched }) => sum + fetched.records.length, 0)
    const size = Math.min(stored, bounds.maxRecords * 1_024) + bounds.maxRecords * 16 + 1_024
    this.#out = new ByteWriter(size + Math.min(stored, TEXT_BYTES_PER_RECORD * 500), parts.buffers)
    this.#out.constant(LIST)
  }

  get size(): number {
    return this.#out.size
  }

  /**
   * Encodes the ranges one after the other until the document has as many records as it may, and
   * moves the positions behind what it has. In slices, so that a large answer does not hold up
   * others.
   */
  async add(found: readonly FoundRange[], hold: ReadHold): Promise<void> {
    for (const range of found) {
      if (this.recordCount === this.#bounds.maxRecords) return
      const page = this.#pageOf(range)
      while (!page.next()) {
        hold.grow(this.#out.size * 2)
        await nextTurn()
      }
      this.recordCount += page.recordCount
      const { position } = range
      assert(page.nextOffset >= position.offset, 'one reads forwards')
      position.next = page.nextOffset
      if (page.leaderEpoch >= 0) position.leaderEpoch = page.leaderEpoch
    }
  }

  /** The whole document, with `members` behind the records. The writer is spent. */
  take(members: Readonly<Record<string, unknown>>): Borrowed {
    const text = Buffer.from(JSON.stringify(members))
    this.#out.constant(LIST_END)
    this.#out.bytes(text, 1, text.length)
    return this.#out.takeBorrowed()
  }

  #pageOf({ position, fetched }: FoundRange): RecordPage {
    const options = {
      partition: partitionName(position),
      offset: position.offset,
      maxRecords: this.#bounds.maxRecords - this.recordCount,
      format: this.#bounds.format,
      layout: 'list' as const,
    }
    const shared = {
      out: this.#out,
      recordCount: this.recordCount,
      opening: openingOf(position),
      lines: this.#lines,
    }
    return new RecordPage(fetched.records, options, this.#parts.encodedBatches, null, shared)
  }
}

function openingOf({ topic, partition }: ReadPosition): Buffer {
  return Buffer.from(`{"topic":${JSON.stringify(topic)},"partition":${partition},"offset":`)
}

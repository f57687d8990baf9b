import type { RecordLine } from './record-line.ts'
import type { ReadBounds, RecordPages } from './record-pages.ts'

/** What is to be read of a partition: offsets from `start` up to but without `end`. */
export interface Range {
  readonly partition: number
  readonly start: number
  readonly end: number
}

/** Memory of all pages together, and what a page has at least and at most. */
const BYTES_AHEAD_MAX = 16 * 1024 * 1024
const PAGE_BYTES_MIN = 16 * 1024
const PAGE_BYTES_MAX = 1024 * 1024
const PAGE_RECORDS_MAX = 2_000

/**
 * The records of the ranges, merged by timestamp. Within a partition the offset decides, whatever
 * the timestamps say. One page of each partition is in memory.
 */
export async function* catchUp(
  pages: RecordPages,
  ranges: readonly Range[],
  format: ReadBounds['format'],
): AsyncGenerator<RecordLine[]> {
  const room = Math.floor(BYTES_AHEAD_MAX / Math.max(1, ranges.length))
  const maxBytes = Math.min(PAGE_BYTES_MAX, Math.max(PAGE_BYTES_MIN, room))
  let cursors = ranges.map((range) => new PartitionCursor(pages, range, { format, maxBytes }))
  while (true) {
    await Promise.all(cursors.map((cursor) => cursor.fill()))
    cursors = cursors.filter(({ head }) => head !== undefined)
    if (cursors.length === 0) return
    yield mergeHeads(cursors)
  }
}

class PartitionCursor {
  readonly #pages: RecordPages
  readonly #range: Range
  readonly #bounds: ReadBounds
  #next: number
  #page: readonly RecordLine[] = []
  #index = 0

  constructor(pages: RecordPages, range: Range, bounds: ReadBounds) {
    this.#pages = pages
    this.#range = range
    this.#bounds = bounds
    this.#next = range.start
  }

  get head(): RecordLine | undefined {
    return this.#page[this.#index]
  }

  take(): void {
    this.#index += 1
  }

  /** Reads the next page if this one has been taken and there is more before the end. */
  async fill(): Promise<void> {
    const { partition, end } = this.#range
    if (this.head !== undefined || this.#next >= end) return
    const maxRecords = Math.min(PAGE_RECORDS_MAX, end - this.#next)
    const page = await this.#pages.page(partition, this.#next, { ...this.#bounds, maxRecords })
    this.#page = page.filter(({ offset }) => offset < end)
    this.#index = 0
    // An empty page below the end: what was there has been deleted, or is not a record.
    this.#next = page.length === 0 ? end : (page.at(-1)?.offset ?? end) + 1
  }
}

/** Goes on until a partition has no record at hand: the next may be older than all the others. */
export function mergeHeads(
  cursors: readonly { readonly head: RecordLine | undefined; take(): void }[],
): RecordLine[] {
  const merged: RecordLine[] = []
  while (true) {
    let oldest: (typeof cursors)[number] | undefined
    for (const cursor of cursors) {
      if (cursor.head === undefined) return merged
      if (oldest === undefined || cursor.head.timestamp < (oldest.head?.timestamp ?? 0)) {
        oldest = cursor
      }
    }
    if (oldest?.head === undefined) return merged
    merged.push(oldest.head)
    oldest.take()
  }
}

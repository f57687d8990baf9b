import { problemOf } from '@courant/api'
import { BusError, type Clock } from '@courant/kernel'
import { encodeHeld } from './encode-held.ts'
import type { EncodedBatches } from './encoded-batches.ts'
import { type Fetched, type FetchPosition, partitionName } from './partition-fetcher.ts'
import type { PartitionReader, ReadBounds } from './partition-reader.ts'
import type { ReadHold } from './read-hold.ts'
import { type PageLayout, RecordPage } from './record-page.ts'
import type { RecordFormat } from './record-writer.ts'

export interface StreamOptions extends Omit<ReadBounds, 'waitMs'> {
  readonly format: RecordFormat
  readonly layout: Exclude<PageLayout, 'list'>
  /** The stream ends after so many records. */
  readonly maxRecords: number
  /** The stream ends when nothing has come for so long; null: it follows the log for ever. */
  readonly idleMs: number | null
  readonly requestId: string
}

/** Proxies and our own idle limit close connections on which nothing moves. */
const HEARTBEAT_MS = 15_000
const RECORDS_PER_PAGE_MAX = 10_000
const HEARTBEATS = { lines: Buffer.from('\n'), events: Buffer.from(': heartbeat\n\n') } as const

/** What a stream reads with, and whom it writes for. */
export interface StreamParts {
  readonly reader: PartitionReader
  readonly encodedBatches: EncodedBatches
  readonly clock: Clock
  /** Of the memory that the current page takes. */
  readonly hold: ReadHold
  /** Resolves once the process has passed on all pages so far, or the reader is gone. */
  readonly sent: () => Promise<void>
  readonly signal: AbortSignal
}

/**
 * The records of a partition as an endless text, page by page. A page is fetched when the one
 * before has been sent, so a slow reader is held by backpressure and costs one page of memory, and
 * one that has read all costs none. `first` is what was read before the answer began: its failure
 * could still be a status. Its memory is in `hold`, whose owner gives back what is left at the end.
 */
export async function* recordStream(
  parts: StreamParts,
  position: FetchPosition,
  first: Fetched,
  options: StreamOptions,
): AsyncGenerator<Buffer, void, undefined> {
  const { reader, encodedBatches, clock, hold, signal } = parts
  let { offset } = position
  let fetched = first
  let left = options.maxRecords
  let lastRecordMs = clock.monotonicMs()
  while (!signal.aborted) {
    const maxRecords = Math.min(left, RECORDS_PER_PAGE_MAX)
    const pageOptions = { ...options, partition: partitionName(position), offset, maxRecords }
    const page = new RecordPage(fetched.records, pageOptions, encodedBatches)
    await encodeHeld(page, fetched, hold)
    offset = page.nextOffset
    left -= page.recordCount
    if (page.recordCount > 0) {
      lastRecordMs = clock.monotonicMs()
      const text = page.take()
      hold.set(text.buffer.byteLength)
      yield text
      await parts.sent()
    }
    hold.release()
    if (left === 0) return
    const idleForMs = clock.monotonicMs() - lastRecordMs
    const untilIdleMs = options.idleMs === null ? HEARTBEAT_MS : options.idleMs - idleForMs
    const end = options.isolation === 'committed' ? fetched.lastStableOffset : fetched.highWatermark
    const isCaughtUp = offset >= end
    if (isCaughtUp && options.idleMs !== null && untilIdleMs <= 0) return
    const waitMs = Math.max(0, Math.min(HEARTBEAT_MS, untilIdleMs))
    try {
      fetched = await reader.read({ ...position, offset }, { ...options, waitMs }, hold, signal)
    } catch (thrown) {
      if (signal.aborted) return
      yield problemText(BusError.from(thrown), options)
      return
    }
    if (signal.aborted) return
    if (fetched.records.length === 0 && waitMs === HEARTBEAT_MS) yield HEARTBEATS[options.layout]
  }
}

/** The status is sent; what ends the stream early is its last line or event. */
function problemText(error: BusError, { layout, requestId }: StreamOptions): Buffer {
  const problem = JSON.stringify(problemOf(error, requestId))
  return Buffer.from(
    layout === 'events' ? `event: problem\ndata: ${problem}\n\n` : `{"problem":${problem}}\n`,
  )
}

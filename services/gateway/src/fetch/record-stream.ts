import { problemOf } from '@courant/api'
import { BusError, type Clock } from '@courant/kernel'
import { nextTurn } from '../produce/next-turn.ts'
import type { EncodedBatches } from './encoded-batches.ts'
import { type Fetched, type FetchPosition, partitionName } from './partition-fetcher.ts'
import type { PartitionReader, ReadBounds } from './partition-reader.ts'
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

/**
 * The records of a partition as an endless text, page by page. A page is fetched when the one
 * before has been taken, so a slow reader is held by backpressure and costs one page of memory.
 * `first` is what was read before the answer began: its failure could still be a status.
 */
export async function* recordStream(
  reader: PartitionReader,
  position: FetchPosition,
  first: Fetched,
  options: StreamOptions,
  encoded: EncodedBatches,
  clock: Clock,
  signal: AbortSignal,
): AsyncGenerator<Buffer, void, undefined> {
  let { offset } = position
  let fetched = first
  let left = options.maxRecords
  let lastRecordMs = clock.monotonicMs()
  while (!signal.aborted) {
    const maxRecords = Math.min(left, RECORDS_PER_PAGE_MAX)
    const pageOptions = { ...options, partition: partitionName(position), offset, maxRecords }
    const page = new RecordPage(fetched.records, pageOptions, encoded)
    while (!page.next()) await nextTurn()
    offset = page.nextOffset
    left -= page.recordCount
    if (page.recordCount > 0) {
      lastRecordMs = clock.monotonicMs()
      yield page.take()
    }
    if (left === 0) return
    const idleForMs = clock.monotonicMs() - lastRecordMs
    const untilIdleMs = options.idleMs === null ? HEARTBEAT_MS : options.idleMs - idleForMs
    const end = options.isolation === 'committed' ? fetched.lastStableOffset : fetched.highWatermark
    const isCaughtUp = offset >= end
    if (isCaughtUp && options.idleMs !== null && untilIdleMs <= 0) return
    const waitMs = Math.max(0, Math.min(HEARTBEAT_MS, untilIdleMs))
    try {
      fetched = await reader.read({ ...position, offset }, { ...options, waitMs }, signal)
    } catch (thrown) {
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

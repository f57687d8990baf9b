import type { Calls } from '../http/call.ts'
import { ReadRecord, type WireRecord } from '../record.ts'

/**
 * Where to begin: an end, an offset, or the first record that is as young as a time in epoch
 * milliseconds.
 */
export type Start =
  | 'earliest'
  | 'latest'
  | { readonly offset: number }
  | { readonly timestamp: number }

export interface ReadOptions {
  readonly topic: string
  readonly partition: number
  /** `'earliest'` when absent. */
  readonly from?: Start
  /** Follows the log for ever when true; else ends where the log ended when the reading began. */
  readonly follow?: true
  readonly signal?: AbortSignal
}

const RECORDS_PER_PAGE = 1_000
const WAIT_MS = 20_000

/**
 * The records of a partition, in order, without a group: nothing is remembered by the server. Reads
 * are tried again by themselves. Throws CourantError (OFFSET_OUT_OF_RANGE for an offset that is
 * gone), and the reason of `signal`.
 */
export async function* readPartition(
  calls: Calls,
  { topic, partition, from = 'earliest', follow, signal }: ReadOptions,
): AsyncGenerator<ReadRecord, void, undefined> {
  let query: StartQuery = queryOf(from)
  let end: number | null = null
  for (;;) {
    const page = await readPage(calls, { topic, partition, query, follow, signal })
    end ??= follow === true ? Number.POSITIVE_INFINITY : page.highWatermark
    for (const wire of page.records) {
      if (wire.offset >= end) return
      yield new ReadRecord(topic, partition, wire)
    }
    if (page.nextOffset >= end) return
    query = { offset: page.nextOffset }
  }
}

interface StartQuery {
  readonly offset?: number
  readonly timestamp?: number
  readonly from?: 'earliest' | 'latest'
}

function queryOf(start: Start): StartQuery {
  return typeof start === 'string' ? { from: start } : start
}

interface Page {
  readonly records: readonly WireRecord[]
  readonly nextOffset: number
  readonly highWatermark: number
}

interface PageRequest extends Pick<ReadOptions, 'topic' | 'partition'> {
  readonly query: StartQuery
  readonly follow: true | undefined
  readonly signal: AbortSignal | undefined
}

async function readPage(
  calls: Calls,
  { topic, partition, query, follow, signal }: PageRequest,
): Promise<Page> {
  const waitMs = follow === true ? WAIT_MS : 0
  const options = { name: `fetch ${topic}`, effect: 'repeatable', signal } as const
  const answer = await calls.call(options, (api, sent) =>
    api.GET('/v1/topics/{topic}/partitions/{partition}/records', {
      params: {
        path: { topic, partition },
        query: { ...query, waitMs, maxRecords: RECORDS_PER_PAGE, format: 'base64' },
      },
      ...sent,
    }),
  )
  return answer as Page
}

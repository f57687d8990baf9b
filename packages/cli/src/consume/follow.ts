import { systemClock, wait } from '@courant/kernel'
import { isPassing } from '../failure.ts'
import { Outage } from './outage.ts'
import type { RecordLine } from './record-line.ts'
import type { ReadBounds, RecordPages } from './record-pages.ts'

export interface FollowOptions {
  readonly format: ReadBounds['format']
  readonly signal: AbortSignal
  /** Takes records; resolves when it takes more. */
  readonly onRecords: (records: readonly RecordLine[]) => Promise<void>
  readonly note: (text: string) => void
}

const PAUSE_MS_MIN = 250
const PAUSE_MS_MAX = 5_000

/** Where each partition is to be read on, by partition. */
export type Positions = ReadonlyMap<number, number>

/**
 * Passes on what is written to the partitions, until the signal. A connection that breaks is made
 * again and goes on behind the last record. Throws what a retry cannot mend.
 */
export async function follow(
  pages: RecordPages,
  positions: Positions,
  options: FollowOptions,
): Promise<void> {
  const outage = new Outage(options.note)
  await Promise.all(
    [...positions].map(([partition, offset]) =>
      followPartition(pages, partition, offset, options, outage),
    ),
  )
}

async function followPartition(
  pages: RecordPages,
  partition: number,
  start: number,
  { format, signal, onRecords }: FollowOptions,
  outage: Outage,
): Promise<void> {
  let offset = start
  let pauseMs = PAUSE_MS_MIN
  while (!signal.aborted) {
    try {
      for await (const records of pages.stream(partition, offset, { format })) {
        outage.end()
        pauseMs = PAUSE_MS_MIN
        await onRecords(records)
        offset = (records.at(-1)?.offset ?? offset) + 1
        if (signal.aborted) return
      }
    } catch (error) {
      if (signal.aborted) return
      if (!isPassing(error)) throw error
      outage.begin(error)
    }
    await wait(systemClock, pauseMs, signal)
    pauseMs = Math.min(pauseMs * 2, PAUSE_MS_MAX)
  }
}

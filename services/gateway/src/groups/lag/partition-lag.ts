import { BusError, type Clock, topicId } from '@courant/kernel'
import { RecordCursor, recordBatches } from '@courant/record-batch'
import { fetchPartition } from '../../fetch/partition-fetcher.ts'
import type { Leaders } from '../../routing/leaders.ts'
import { findOffset } from '../../routing/partition-offsets.ts'

export interface LagPlace {
  readonly topicId: string
  readonly partition: number
  /** Absent: nothing was ever committed, so all that is there is unprocessed. */
  readonly committedOffset?: number | undefined
}

/** Null where the leader cannot say it now, or there is nothing to say it of. */
export interface Lag {
  readonly logStartOffset: number | null
  readonly logEndOffset: number | null
  readonly lagRecords: number | null
  /** Age of the oldest record that is not committed; 0 without one. */
  readonly lagMs: number | null
}

/** A batch comes whole, whatever is asked for. */
const ONE_BATCH = { maxBytes: 1, isolation: 'committed' } as const
const UNKNOWN: Lag = { logStartOffset: null, logEndOffset: null, lagRecords: null, lagMs: null }
/** Partitions that are looked at at one time, for one caller: each may be a batch in memory. */
const CONCURRENCY = 16

/** How far behind the end of the log each position is, in records and in time. */
export async function lagsOf(
  leaders: Leaders,
  clock: Clock,
  places: readonly LagPlace[],
): Promise<Lag[]> {
  const lags = new Array<Lag>(places.length).fill(UNKNOWN)
  let next = 0
  const work = async (): Promise<void> => {
    while (next < places.length) {
      const index = next
      next += 1
      const place = places[index]
      if (place !== undefined) lags[index] = await lagOf(leaders, clock, place)
    }
  }
  await Promise.all(Array.from({ length: CONCURRENCY }, work))
  return lags
}

async function lagOf(leaders: Leaders, clock: Clock, place: LagPlace): Promise<Lag> {
  const { partition, committedOffset } = place
  const topic = topicId(place.topicId)
  try {
    const [start, end] = await Promise.all([
      findOffset(leaders, topic, partition, 'earliest'),
      findOffset(leaders, topic, partition, 'latest'),
    ])
    const from = Math.min(end.offset, Math.max(start.offset, committedOffset ?? start.offset))
    const lagMs =
      from === end.offset
        ? 0
        : await ageOf(leaders, clock, { topicId: topic, partition, offset: from })
    return {
      logStartOffset: start.offset,
      logEndOffset: end.offset,
      lagRecords: end.offset - from,
      lagMs,
    }
  } catch (error) {
    if (error instanceof BusError) return UNKNOWN
    throw error
  }
}

/** Null: what is there are offsets without records. */
async function ageOf(
  leaders: Leaders,
  clock: Clock,
  position: Parameters<typeof fetchPartition>[1],
): Promise<number | null> {
  const { records } = await fetchPartition(leaders, position, ONE_BATCH)
  for (const batch of recordBatches(records)) {
    if (batch.isControl || batch.lastOffset < position.offset) continue
    const cursor = new RecordCursor(batch)
    while (cursor.next()) {
      if (cursor.offset >= position.offset) return Math.max(0, clock.now() - cursor.timestamp)
    }
  }
  return null
}

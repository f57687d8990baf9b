import { listOffsets } from '../client/list-offsets.ts'
import { Failure, usageError } from '../failure.ts'
import type { Session } from '../session.ts'
import { catchUp, type Range } from './catch-up.ts'
import { follow } from './follow.ts'
import { RecordPages } from './record-pages.ts'
import { RecordPrinter } from './record-printer.ts'
import type { Start } from './start.ts'

export interface ConsumeOptions {
  readonly from: Start
  /** Epoch milliseconds; goes before `from`. */
  readonly since?: number
  readonly partition?: readonly number[]
  readonly max?: number
  readonly follow?: true
  readonly keys?: true
}

/** Runs `courant consume`. */
export async function runConsume(
  session: Session,
  topic: string,
  options: ConsumeOptions,
): Promise<void> {
  const ranges = await rangesOf(session, topic, options)
  const enough = new AbortController()
  const signal = AbortSignal.any([session.untilInterrupted(), enough.signal])
  const pages = new RecordPages(session.connection(), topic, signal)
  const keys = options.keys ? 'shown' : 'hidden'
  const printer = new RecordPrinter(session, keys, options.max ?? Number.POSITIVE_INFINITY)
  const format = session.json ? 'json' : 'text'
  try {
    for await (const records of catchUp(pages, ranges, format)) {
      await printer.print(records)
      if (printer.isDone || signal.aborted) return
    }
    if (!options.follow) return
    await follow(pages, new Map(ranges.map(({ partition, end }) => [partition, end])), {
      format,
      signal,
      note: (text) => session.note(text),
      async onRecords(records) {
        await printer.print(records)
        if (printer.isDone) enough.abort()
      },
    })
  } catch (error) {
    // What was under way when we were told to end has failed because of that.
    if (!signal.aborted) throw error
  } finally {
    pages.close()
  }
}

/** From where each partition is read, and where it ends now. */
async function rangesOf(
  session: Session,
  topic: string,
  { from, since, partition: wanted }: ConsumeOptions,
): Promise<Range[]> {
  const [starts, ends] = await Promise.all([
    since === undefined && typeof from === 'number'
      ? null
      : listOffsets(
          session,
          topic,
          since === undefined ? { from: endOf(from) } : { timestamp: since },
        ),
    listOffsets(session, topic, { from: 'latest' }),
  ])
  const partitions = wanted ?? ends.map((_, partition) => partition)
  if (starts === null && partitions.length > 1) {
    throw usageError('An offset belongs to one partition.', 'Say which with --partition.')
  }
  return partitions.map((partition) => {
    const end = ends[partition]
    if (end === undefined || end === null) throw noPartition(topic, partition, ends.length)
    const start = starts === null ? Number(from) : (starts[partition] ?? end)
    // To leave a partition out would pass off a part of the topic as all of it.
    if (end instanceof Failure) throw end
    if (start instanceof Failure) throw start
    return { partition, start, end: Math.max(start, end) }
  })
}

function endOf(from: Start): 'earliest' | 'latest' {
  return from === 'latest' ? from : 'earliest'
}

function noPartition(topic: string, partition: number, count: number) {
  return usageError(`${topic} has no partition ${partition}; it has ${count}, counted from 0.`)
}

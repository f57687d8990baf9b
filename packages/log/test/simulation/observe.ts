/** Reads what a log really is, and compares it with what the shadow says. */
import type { LeaderEpoch, Offset } from '@courant/kernel'
import { recordBatches } from '@courant/record-batch'
import type { PartitionLog, ReadResult } from '../../src/index.ts'
import type { DiskPartitionLog } from '../../src/partition/disk-partition-log.ts'
import { type Judge, judgeBy, producerProblem } from './producers.ts'
import { type Image, latestEpoch, type ShadowBatch } from './shadow.ts'
import { ensure } from './violation.ts'
import { sentOf } from './world.ts'

export interface Observed {
  readonly start: number
  readonly end: number
  readonly durableEnd: number
  readonly epoch: number
  readonly batches: readonly ShadowBatch[]
  readonly judge: Judge
  readonly nowMs: number
}

/** Every batch from the log start on, each verified by its checksum. */
export async function observe(log: PartitionLog, maxBytes = 20_000): Promise<Observed> {
  const batches: ShadowBatch[] = []
  const start = log.logStartOffset
  const end = log.appendedEnd
  for (let next = start; next < end; ) {
    const result = await log.read({ offset: next, maxBytes, end, first: 'whole' })
    ensure(result.nextOffset > next, () => `a read at ${next} of [${start}, ${end}) finds nothing`)
    batches.push(...batchesOf(result))
    result.release()
    next = result.nextOffset
  }
  const { context, state } = log as DiskPartitionLog
  const nowMs = context.clock.now()
  const judge = judgeBy(state.producers, nowMs)
  return { start, end, durableEnd: log.durableEnd, epoch: log.leaderEpoch, batches, judge, nowMs }
}

export function batchesOf({ chunks, size }: ReadResult): ShadowBatch[] {
  ensure(
    size === chunks.reduce((sum, chunk) => sum + chunk.length, 0),
    'the size of a read is that of its chunks',
  )
  return chunks.flatMap((chunk) => {
    const batches = [...recordBatches(chunk)]
    const bytes = batches.reduce((sum, batch) => sum + batch.size, 0)
    ensure(bytes === chunk.length, 'a chunk holds whole batches')
    return batches.map((batch) => {
      batch.verify()
      return {
        base: batch.baseOffset,
        next: batch.nextOffset,
        epoch: batch.partitionLeaderEpoch,
        crc: batch.crc,
        timestamp: batch.maxTimestamp,
        sent: sentOf(batch),
      }
    })
  })
}

/** `epochMax`: an epoch whose first append was lost in the crash may be known all the same. */
export function fits(observed: Observed | null, image: Image | null, epochMax: number): boolean {
  if (observed === null || image === null) return observed === image
  return (
    observed.start === image.start &&
    observed.end === image.end &&
    observed.durableEnd === image.end &&
    sameBatches(observed.batches, image.batches) &&
    epochFits(observed.epoch, image, epochMax) &&
    producerProblem(observed.judge, image.producers, observed.nowMs) === null
  )
}

export function sameBatches(
  found: readonly ShadowBatch[],
  expected: readonly ShadowBatch[],
): boolean {
  return (
    found.length === expected.length &&
    found.every((batch, index) => {
      const other = expected[index]
      return (
        other !== undefined &&
        batch.base === other.base &&
        batch.next === other.next &&
        batch.epoch === other.epoch &&
        batch.crc === other.crc
      )
    })
  )
}

function epochFits(epoch: number, image: Image, epochMax: number): boolean {
  const latest = latestEpoch(image)
  if (epoch === latest) return true
  if (epoch > latest) return epoch <= epochMax
  // Epochs of records that were trimmed and whose files are gone are forgotten.
  return image.batches.length === 0 && image.end <= image.start && epoch === -1
}

/** The queries beside reads, on a log that nobody changes meanwhile. */
export async function checkQueries(
  log: PartitionLog,
  image: Image,
  timestamp: number,
  epoch: number,
): Promise<void> {
  const batch = image.batches.find((candidate) => candidate.timestamp >= timestamp)
  const expected = batch === undefined ? null : Math.max(batch.base, image.start)
  const found = await log.offsetForTimestamp(timestamp, log.appendedEnd)
  ensure((found?.offset ?? null) === expected, () => {
    return `timestamp ${timestamp} is at ${expected}, not at ${found?.offset}`
  })
  const start = image.epochs.findLastIndex((candidate) => candidate.epoch <= epoch)
  const end = image.epochs[start + 1]?.offset ?? image.end
  if (start === -1 || end <= image.start) return
  const answer = log.endOffsetForEpoch(epoch as LeaderEpoch)
  const epochFound = image.epochs[start]?.epoch
  ensure(answer?.epoch === epochFound && answer?.end === (end as Offset), () => {
    return `epoch ${epoch} is ${epochFound} and ends at ${end}, not ${JSON.stringify(answer)}`
  })
}

/**
 * What a log must know of its idempotent producers, as the shadow has it, and whether it does: by
 * what it would say to copies of what they have sent, and to what they may send next.
 */
import { BusError, type Clock, limits } from '@courant/kernel'
import { RecordBatch, RecordBatchBuilder, recordSource } from '@courant/record-batch'

export const PRODUCER_IDS = [3, 1_000, 2 ** 40] as const
const SEQUENCES = 2 ** 31
/** What a log keeps for certain, and of that what it answers copies by. */
const KEPT = 6
const ANSWERED = 5

export interface SentBatch {
  readonly producerId: number
  readonly epoch: number
  readonly sequence: number
  readonly records: number
}

export interface AppendedBatch extends SentBatch {
  readonly base: number
  /** The change of the shadow that appended it. */
  readonly change: number
  readonly atMs: number
}

/** One producer in one log. */
export interface KnownProducer {
  /** All of its batches that were not truncated, records that are deleted included. */
  readonly batches: readonly AppendedBatch[]
  /** How many of the newest the log cannot have forgotten by truncations. */
  readonly kept: number
}

export type KnownProducers = ReadonlyMap<number, KnownProducer>

/** What a log says to a batch: `append`, `duplicate at …`, or the code of an error. */
export type Judge = (batch: SentBatch) => string

export function nextSequence({ sequence, records }: SentBatch): number {
  return (sequence + records) % SEQUENCES
}

export function withProduced(known: KnownProducers, batch: AppendedBatch): KnownProducers {
  const before = known.get(batch.producerId)
  const kept = isRemembered(before, batch.atMs) ? (before?.kept ?? 0) : 0
  const after = {
    batches: [...(before?.batches ?? []), batch],
    kept: Math.min(KEPT, kept + 1),
  }
  return new Map([...known, [batch.producerId, after]])
}

export function producersTruncated(known: KnownProducers, end: number): KnownProducers {
  return new Map(
    [...known].map(([id, { batches, kept }]) => {
      const left = batches.filter(({ base }) => base < end)
      const lost = batches.length - left.length
      return [id, { batches: left, kept: Math.max(0, kept - lost) }]
    }),
  )
}

/** Whether it is sure what the log says to this producer: it may forget one that is idle. */
export function isRemembered(known: KnownProducer | undefined, nowMs: number): boolean {
  const newest = known?.batches.at(-1)
  if (newest === undefined || known?.kept === 0) return false
  return nowMs - newest.atMs < limits.producerIdleMsMax
}

export function judgeBy(state: BatchJudge | null, nowMs: number): Judge {
  const clock = { now: () => nowMs }
  return (sent) => {
    try {
      const original = state?.judge(new RecordBatch(encoded(sent, nowMs)), clock) ?? null
      return original === null ? 'append' : `duplicate at ${original}`
    } catch (error) {
      if (error instanceof BusError) return error.code
      throw error
    }
  }
}

/** The part of `ProducerState` that decides. */
export interface BatchJudge {
  judge(batch: RecordBatch, clock: Pick<Clock, 'now'>): number | null
}

export function encoded({ producerId, epoch, sequence, records }: SentBatch, now: number): Buffer {
  const builder = new RecordBatchBuilder(256)
  for (let index = 0; index < records; index += 1) {
    const value = Buffer.from(`${producerId} ${epoch} ${(sequence + index) % SEQUENCES}`)
    builder.append(recordSource({ timestamp: now, key: null, value, headers: [] }))
  }
  return builder.seal('none', { producerId, producerEpoch: epoch, baseSequence: sequence })
}

/** Null when the log knows its producers as it must, else what it does not. */
export function producerProblem(judge: Judge, known: KnownProducers, nowMs: number): string | null {
  for (const producerId of PRODUCER_IDS) {
    const producer = known.get(producerId)
    const newest = producer?.batches.at(-1)
    if (producer === undefined || newest === undefined) {
      const said = judge({ producerId, epoch: 0, sequence: 5, records: 1 })
      if (said !== 'append') return `${said} to the unknown producer ${producerId}`
      continue
    }
    if (judge(gapAfter(newest)) === 'append' && !isRemembered(producer, nowMs)) continue
    const problem = knownProblem(judge, producer, newest)
    if (problem !== null) return `producer ${producerId}: ${problem}`
  }
  return null
}

export function gapAfter(newest: SentBatch): SentBatch {
  const sequence = (nextSequence(newest) + 1) % SEQUENCES
  return { ...newest, sequence, records: 1 }
}

function knownProblem(
  judge: Judge,
  { batches, kept }: KnownProducer,
  newest: AppendedBatch,
): string | null {
  const next = { ...newest, sequence: nextSequence(newest), records: 1 }
  if (judge(next) !== 'append') return `${judge(next)} to the next batch, ${next.sequence}`
  const gap = judge(gapAfter(newest))
  if (gap !== 'OUT_OF_ORDER_SEQUENCE_NUMBER') return `${gap} to a gap behind ${newest.sequence}`
  for (const [age, batch] of batches
    .slice(-KEPT - 2)
    .reverse()
    .entries()) {
    const said = judge(batch)
    if (!mayBeSaid(said, batch, age, { newest, kept })) {
      return `${said} to a copy of ${batch.sequence} at ${batch.base}, ${age} before the newest`
    }
  }
  return null
}

function mayBeSaid(
  said: string,
  { epoch, base }: AppendedBatch,
  age: number,
  { newest, kept }: { readonly newest: AppendedBatch; readonly kept: number },
): boolean {
  if (epoch !== newest.epoch) return said === 'INVALID_PRODUCER_EPOCH'
  const isOriginal = age < ANSWERED && said === `duplicate at ${base}`
  const isForgotten = said === 'DUPLICATE_SEQUENCE_NUMBER'
  return isOriginal || (isForgotten && age >= Math.min(kept, ANSWERED))
}

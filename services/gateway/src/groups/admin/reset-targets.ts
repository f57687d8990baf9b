import type { GroupPartition } from '@courant/api/internal/v1/group'
import { BusError, topicId } from '@courant/kernel'
import type { PartitionReader, StartAt } from '../../fetch/partition-reader.ts'

/** Where offsets are moved to. */
export type ResetTo =
  | { readonly kind: 'earliest' }
  | { readonly kind: 'latest' }
  | { readonly kind: 'timestamp'; readonly timestamp: number }
  | { readonly kind: 'offset'; readonly offset: number }
  | { readonly kind: 'shift'; readonly by: number }
  /** The committed offsets of another group, by `topicId/partition`. */
  | { readonly kind: 'group'; readonly offsets: ReadonlyMap<string, number> }

export interface ResetMove {
  readonly topicId: string
  readonly topic: string
  readonly partition: number
  /** Null: nothing was committed. */
  readonly from: number | null
  readonly to: number
}

const CONCURRENCY = 64

/**
 * Where each partition would go, never outside its log. Left out are those for which the other
 * group has no offset. Throws what a leader answers: half a reset is none.
 */
export async function resetTargets(
  reader: PartitionReader,
  partitions: readonly GroupPartition[],
  to: ResetTo,
  signal: AbortSignal,
): Promise<ResetMove[]> {
  const moves: ResetMove[] = []
  for (let start = 0; start < partitions.length; start += CONCURRENCY) {
    const some = partitions.slice(start, start + CONCURRENCY)
    const found = await Promise.all(some.map((partition) => target(reader, partition, to, signal)))
    for (const move of found) if (move !== null) moves.push(move)
  }
  return moves
}

async function target(
  reader: PartitionReader,
  { topicId: id, topic, partition, committedOffset }: GroupPartition,
  to: ResetTo,
  signal: AbortSignal,
): Promise<ResetMove | null> {
  const where = { topicId: topicId(id), partition }
  const find = (start: StartAt): Promise<number> => reader.startOffset(where, start, signal)
  const [first, end] = await Promise.all([find('earliest'), find('latest')])
  const wanted = await wantedOffset({ ...where, committedOffset, first, end }, to, find)
  if (wanted === null) return null
  return {
    topicId: id,
    topic,
    partition,
    from: committedOffset ?? null,
    to: Math.max(first, Math.min(end, wanted)),
  }
}

interface Place {
  readonly topicId: string
  readonly partition: number
  readonly committedOffset: number | undefined
  readonly first: number
  readonly end: number
}

async function wantedOffset(
  { topicId: id, partition, committedOffset, first, end }: Place,
  to: ResetTo,
  find: (start: StartAt) => Promise<number>,
): Promise<number | null> {
  switch (to.kind) {
    case 'earliest':
      return first
    case 'latest':
      return end
    case 'timestamp':
      return find({ timestamp: to.timestamp })
    case 'offset':
      return to.offset
    case 'shift':
      if (committedOffset !== undefined) return committedOffset + to.by
      throw new BusError('NO_COMMITTED_OFFSET', 'Only a committed offset can be shifted.')
    case 'group':
      return to.offsets.get(`${id}/${partition}`) ?? null
  }
}

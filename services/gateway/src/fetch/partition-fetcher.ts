import { errorFromKafka, fetchApi, NO_ERROR } from '@courant/kafka-protocol'
import { BusError, giveBack, type TopicId } from '@courant/kernel'
import type { Leaders } from '../routing/leaders.ts'

export type Isolation = 'committed' | 'uncommitted'

export interface FetchPosition {
  readonly topicId: TopicId
  readonly partition: number
  readonly offset: number
}

/** Names a partition where one text is wanted. */
export function partitionName({ topicId, partition }: Omit<FetchPosition, 'offset'>): string {
  return `${topicId}/${partition}`
}

export interface FetchBounds {
  /** Bytes of record batches; the first batch comes whole even if it is larger. */
  readonly maxBytes: number
  readonly isolation: Isolation
}

/** What the leader of a partition has from an offset on. */
export interface Fetched {
  /** Record batches, the last of which may be cut off. Empty: nothing is there yet. */
  readonly records: Buffer
  readonly highWatermark: number
  readonly lastStableOffset: number
  readonly logStartOffset: number
  /** `own`: nobody else looks at their memory, but for other partitions of the same answer. */
  readonly memory: 'own' | 'shared'
}

/** Who asks: a replica would say its broker id. */
export const CONSUMER = -1
export const ISOLATION: Readonly<Record<Isolation, number>> = { uncommitted: 0, committed: 1 }
/** Beyond its own wait the broker gets this long to read and answer. */
export const ANSWER_TIMEOUT_MS = 10_000
const NOTHING = Buffer.alloc(0)

/** What the leader of a partition has now, without a wait. Rejects with BusError. */
export async function fetchPartition(
  leaders: Leaders,
  { topicId, partition, offset }: FetchPosition,
  { maxBytes, isolation }: FetchBounds,
): Promise<Fetched> {
  const found = leaders.connection(topicId, partition)
  const connection = found instanceof Promise ? await found : found
  const response = await connection.request(
    fetchApi,
    {
      replicaId: CONSUMER,
      maxWaitMs: 0,
      minBytes: 1,
      maxBytes,
      isolationLevel: ISOLATION[isolation],
      topics: [
        {
          topic: topicId,
          partitions: [{ partition, fetchOffset: offset, partitionMaxBytes: maxBytes }],
        },
      ],
    },
    ANSWER_TIMEOUT_MS,
  )
  const answer = response.topics[0]?.partitions[0]
  if (response.errorCode !== NO_ERROR) throw errorFromKafka(response.errorCode, null, 'read')
  if (answer === undefined) throw new BusError('INTERNAL', 'The broker answered something else.')
  if (answer.errorCode !== NO_ERROR) throw errorFromKafka(answer.errorCode, null, 'read')
  return {
    records: answer.records ?? NOTHING,
    highWatermark: answer.highWatermark,
    lastStableOffset: answer.lastStableOffset,
    logStartOffset: answer.logStartOffset,
    memory: 'own',
  }
}

/**
 * Nobody looks any more at anything that came with them: answers of megabytes do not wait for the
 * collector.
 */
export function giveBackRecords(...answers: readonly Fetched[]): void {
  const memories = new Set<ArrayBufferLike>()
  for (const { memory, records } of answers) if (memory === 'own') memories.add(records.buffer)
  for (const memory of memories) giveBack(Buffer.from(memory))
}

import type { components } from '@courant/api/openapi'
import { ReadRecord, type WireRecord } from '../record.ts'

type PollAnswer = components['schemas']['PollAnswer']
export type OffsetReset = components['schemas']['OffsetReset']
export type TopicPartitions = components['schemas']['TopicPartitions']

/** What one poll has brought. */
export interface Batch {
  /** In order within each partition; perhaps none. */
  readonly records: readonly ReadRecord[]
  /** What the member reads now. */
  readonly assignment: readonly TopicPartitions[]
  /** What it has given to others, or is to give once this is processed. */
  readonly revoked: readonly TopicPartitions[]
  /** Why it reads nothing; null when it does. */
  readonly idleReason: string | null
  readonly resets: readonly OffsetReset[]
  /** Names all of it. */
  readonly leaseToken: string
}

export function batchOf(answer: PollAnswer): Batch {
  const { assignment, revoked, leaseToken } = answer
  return {
    records: answer.records.map(
      (record) => new ReadRecord(record.topic, record.partition, record as WireRecord),
    ),
    assignment,
    revoked,
    idleReason: answer.idleReason ?? null,
    resets: answer.resets ?? [],
    leaseToken,
  }
}

import type { HeaviestKeys } from '../../keys/heaviest-keys.ts'

/** Worst first: what loses records, what stands still, what is slow, what is only worth knowing. */
export const findingCodes = [
  'OFFSET_OUT_OF_LOG',
  'PARTITION_WITHOUT_LEADER',
  'NO_MEMBERS',
  'MEMBER_ID_SHARED',
  'REBALANCE_LOOP',
  'MEMBER_SILENT',
  'RELEASE_OVERDUE',
  'MEMBER_DOES_NOT_COMMIT',
  'HOT_PARTITION',
  'MEMBER_TOO_SLOW',
  'FEWER_MEMBERS_THAN_PARTITIONS',
  'MORE_MEMBERS_THAN_PARTITIONS',
  'CATCHING_UP',
  'NOTHING_WRONG',
] as const

type FindingCode = (typeof findingCodes)[number]

/** One reason, with what says so. */
export interface Finding {
  readonly code: FindingCode
  /** For people. */
  readonly detail: string
  readonly numbers: Readonly<Record<string, number>>
  readonly remedy: string
  readonly topic?: string
  readonly partition?: number
  readonly memberId?: string
  readonly keys?: HeaviestKeys
}

import type { Subscription } from '@courant/api/internal/v1/group'
import type { TenantId } from '@courant/kernel'
import type { RecordFormat } from '../../fetch/record-writer.ts'
import type { LeaseToken } from '../tokens/lease-token.ts'

/** Where a member begins in a partition that has no committed offset, or whose offset is gone. */
export type AutoOffsetReset = 'earliest' | 'latest' | 'none'

/** Who polls, as what, and what for. */
export interface MemberRequest {
  readonly tenantId: TenantId
  /** Id of the API key. */
  readonly principal: string
  readonly group: string
  readonly memberId: string
  readonly subscription: Subscription
  /** Of the proto's enumeration. */
  readonly assignor: number
  readonly sessionTimeoutMs: number
  readonly rebalanceTimeoutMs: number
  readonly autoOffsetReset: AutoOffsetReset
  readonly clientAddress: string
  readonly clientSoftware: string
  readonly requestId: string
}

/** What of it one answer may hold. */
export interface PollBounds {
  readonly maxRecords: number
  readonly maxBytes: number
  readonly format: RecordFormat
}

/** A token with what is to become of it. */
export type Lease =
  /** All that it names has been processed. */
  | { readonly kind: 'ack'; readonly token: LeaseToken }
  /** Goes on behind it and commits nothing. */
  | { readonly kind: 'after'; readonly token: LeaseToken }

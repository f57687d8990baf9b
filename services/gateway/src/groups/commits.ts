import type { MemberCommit, MemberRef } from '@courant/api/internal/v1/group'
import { BusError } from '@courant/kernel'
import type { Coordinators, Patience } from './coordinators/coordinators.ts'
import type { LeaseToken } from './tokens/lease-token.ts'

export interface CommitOutcome {
  /** Everything had been committed before, this or more. */
  readonly alreadyCommitted: boolean
}

/**
 * Commits all that a token names; durable when it resolves. Nothing that the token's poll handed
 * out is in work any more, so what the member is to give away is released. Throws LEASE_EXPIRED
 * when any of it is no longer the member's; the rest is committed nevertheless, and the error says
 * what is not.
 */
export async function commitLease(
  coordinators: Coordinators,
  member: MemberRef,
  token: LeaseToken,
  metadata: string,
  patience: Patience,
): Promise<CommitOutcome> {
  const commit: MemberCommit = {
    member,
    memberEpoch: token.memberEpoch,
    topics: token.topics.map(({ topicId, partitions }) => ({
      topicId,
      partitions: partitions.map((partition) => ({ ...partition, metadata })),
    })),
    releasesUpToPoll: token.pollNumber,
    releases: [],
  }
  const { errorCode, errors, alreadyCommitted } = await coordinators.commit(
    member,
    commit,
    patience,
  )
  if (errorCode !== '' || errors.length > 0) {
    const extra =
      errors.length === 0
        ? {}
        : { partitions: errors.map(({ topicId, partition }) => ({ topicId, partition })) }
    throw new BusError('LEASE_EXPIRED', EXPIRED, { extra })
  }
  return { alreadyCommitted }
}

const EXPIRED =
  'The member has lost what the token names: its session or rebalance timeout had passed, it had ' +
  'left, or its offsets were reset. The records are handed out again, to whoever owns the ' +
  'partitions now. Poll without a token to go on.'

import type {
  CommitOffsetsRequest,
  CommitOffsetsResponse,
  MemberCommit,
  MemberCommitResult,
  TopicOffsets,
} from '@courant/api/internal/v1/group'
import { BusError } from '@courant/kernel'
import type { PartitionCommit } from '../coordination/coordinated-group.ts'
import { checkMember } from './check-names.ts'
import { checkOffset } from './check-offset.ts'
import type { GroupCalls } from './group-calls.ts'

/** Each commit is judged and answered by itself, also when it fails. Durable when answered. */
export async function commitOffsets(
  { coordinator }: Pick<GroupCalls, 'coordinator'>,
  { commits }: CommitOffsetsRequest,
): Promise<CommitOffsetsResponse> {
  const commitOne = async (commit: MemberCommit): Promise<MemberCommitResult> => {
    try {
      const { tenantId, group: name, memberId, principal } = checkMember(commit.member)
      const partitions = commit.topics.flatMap(partitionsOf)
      const group = await coordinator.groupOf(tenantId, name)
      const { memberEpoch, releasesUpToPoll } = commit
      const released = commit.releases.flatMap(({ topicId, partitions: of }) =>
        of.map((partition) => ({ topicId, partition })),
      )
      const releases = { upToPoll: releasesUpToPoll, partitions: released }
      const lease = { memberId, principal, memberEpoch }
      const { refused, isNews } = await group.commit(lease, partitions, releases)
      return {
        errorCode: '',
        errors: refused.map((each) => ({ ...each, errorCode: 'LEASE_EXPIRED' })),
        alreadyCommitted: partitions.length > 0 && refused.length === 0 && !isNews,
      }
    } catch (error) {
      return { errorCode: BusError.from(error).code, errors: [], alreadyCommitted: false }
    }
  }
  return { results: await Promise.all(commits.map(commitOne)) }
}

export function partitionsOf({ topicId, partitions }: TopicOffsets): PartitionCommit[] {
  return partitions.map((each) => ({ topicId, ...checkOffset(each) }))
}

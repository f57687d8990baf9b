import { BusError, limits } from '@courant/kernel'
import { Type } from 'typebox'
import { checkGroupName } from '../../groups/names.ts'
import { tokenOfMember } from '../../groups/tokens/token-of-member.ts'
import { tenantRoute } from '../define-route.ts'
import { JSON_TYPE } from '../samples.ts'
import { CLOSED } from '../schemas.ts'
import { sampleToken } from './group-samples.ts'
import { GivenLeaseToken, LeaseExpiresAt, MemberParams } from './group-schemas.ts'

const Body = Type.Object({ leaseToken: GivenLeaseToken }, CLOSED)

const Answer = Type.Object({
  leaseExpiresAt: LeaseExpiresAt,
  releaseWanted: Type.Boolean({
    description: 'Partitions are to move to others: finish what is in work, and poll with `ack`.',
  }),
})

export const heartbeatMember = tenantRoute({
  method: 'POST',
  path: '/v1/groups/{group}/members/{memberId}/heartbeat',
  operationId: 'heartbeatMember',
  tag: 'Consumer groups',
  summary: 'Extend the session of a member that is busy',
  description:
    'For work that takes longer than `sessionTimeoutMs`: the session runs from this answer. It does ' +
    'not stop the rebalance timeout.\n\nSafe to repeat.',
  isolation: 'group',
  params: MemberParams,
  body: { [JSON_TYPE]: { schema: Body, example: { leaseToken: sampleToken } } },
  responses: {
    200: {
      description: 'Extended.',
      content: {
        [JSON_TYPE]: {
          schema: Answer,
          example: { leaseExpiresAt: 1_764_000_045_000, releaseWanted: false },
        },
      },
    },
  },
  errors: ['INVALID_LEASE_TOKEN', 'LEASE_EXPIRED', 'NOT_COORDINATOR', 'TIMED_OUT'],

  async handle({ groups, clock }, { params, body, requestId, signal }, { tenantId, keyId }) {
    const { group, memberId } = params
    checkGroupName(group)
    const member = { tenantId, principal: keyId, group, memberId }
    const token = await tokenOfMember(groups.tokens, member, body.leaseToken, '/leaseToken')
    const beat = { member, memberEpoch: token.memberEpoch, endedPoll: 0, openForMs: 0 }
    const patience = {
      deadlineMs: clock.monotonicMs() + limits.controlPlaneTimeoutMs,
      requestId,
      signal,
    }
    const result = await groups.coordinators.heartbeat(member, beat, patience)
    if (result.errorCode !== '') {
      throw new BusError(
        'LEASE_EXPIRED',
        'The member is no longer in the group: poll to join anew.',
      )
    }
    return {
      status: 200,
      body: {
        leaseExpiresAt: clock.now() + result.sessionEndsInMs,
        releaseWanted: result.releaseWanted,
      },
    }
  },
})

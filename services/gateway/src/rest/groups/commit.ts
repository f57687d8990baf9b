import { limits } from '@courant/kernel'
import { Type } from 'typebox'
import { commitLease } from '../../groups/commits.ts'
import { checkGroupName } from '../../groups/names.ts'
import { tokenOfMember } from '../../groups/tokens/token-of-member.ts'
import { tenantRoute } from '../define-route.ts'
import { JSON_TYPE } from '../samples.ts'
import { CLOSED } from '../schemas.ts'
import { sampleToken } from './group-samples.ts'
import { GivenLeaseToken, GivenMetadata, GroupParams } from './group-schemas.ts'

const Body = Type.Object(
  { leaseToken: GivenLeaseToken, metadata: Type.Optional(GivenMetadata) },
  CLOSED,
)

const Answer = Type.Object({
  alreadyCommitted: Type.Boolean({
    description: 'All of it had been committed before. A commit never moves an offset back.',
  }),
})

export const commitGroup = tenantRoute({
  method: 'POST',
  path: '/v1/groups/{group}/commit',
  operationId: 'commitGroup',
  tag: 'Consumer groups',
  summary: 'Commit what was processed',
  description:
    'Commits all that the token names, durably, without reading on: for streams, and for who ' +
    'commits before processing. The token says which member.\n\nSafe to repeat.',
  isolation: 'group',
  params: GroupParams,
  body: { [JSON_TYPE]: { schema: Body, example: { leaseToken: sampleToken } } },
  responses: {
    200: {
      description: 'Committed.',
      content: { [JSON_TYPE]: { schema: Answer, example: { alreadyCommitted: false } } },
    },
  },
  errors: ['INVALID_LEASE_TOKEN', 'LEASE_EXPIRED', 'NOT_COORDINATOR', 'TIMED_OUT'],

  async handle({ groups, clock }, { params, body, requestId, signal }, { tenantId, keyId }) {
    const { group } = params
    checkGroupName(group)
    const who = { tenantId, principal: keyId, group }
    const place = { ...who, memberId: null }
    const token = await tokenOfMember(groups.tokens, place, body.leaseToken, '/leaseToken')
    const patience = {
      deadlineMs: clock.monotonicMs() + limits.controlPlaneTimeoutMs,
      requestId,
      signal,
    }
    const member = { ...who, memberId: token.memberId }
    const { coordinators } = groups
    const outcome = await commitLease(coordinators, member, token, body.metadata ?? '', patience)
    return { status: 200, body: outcome }
  },
})

import type { RouteDescription } from '../route.ts'
import { JSON_TYPE } from '../samples.ts'
import { samplePoll } from './group-samples.ts'
import { GroupParams, PollAnswer, PollBody } from './group-schemas.ts'

export const pollGroup: RouteDescription = {
  method: 'POST',
  path: '/v1/groups/{group}/poll',
  operationId: 'pollGroup',
  tag: 'Consumer groups',
  summary: 'Read the next records as a member of a group',
  description:
    'Joins the group if the member is not in it. Through any gateway: positions travel in ' +
    '`leaseToken`, commits go to the database.\n\n' +
    'At least once: send the last `leaseToken` as `ack` when its records are processed. At most ' +
    'once: commit it before you process. Without a token a poll begins at the committed offsets.\n\n' +
    'Safe to repeat: after a lost answer the same request begins at the same offsets, and at worst ' +
    'returns more. A commit never moves an offset back.\n\n' +
    'Of two polls of one member the newer wins; the older ends at once with POLL_SUPERSEDED.',
  access: 'tenant',
  isolation: 'group',
  params: GroupParams,
  body: {
    [JSON_TYPE]: {
      schema: PollBody,
      example: { memberId: 'worker-1', topics: ['orders'], maxRecords: 500, waitMs: 1_000 },
    },
  },
  responses: {
    200: {
      description: 'Records, perhaps none.',
      content: { [JSON_TYPE]: { schema: PollAnswer, example: samplePoll } },
    },
  },
  errors: [
    'INVALID_LEASE_TOKEN',
    'LEASE_EXPIRED',
    'POLL_SUPERSEDED',
    'MEMBER_ID_IN_USE',
    'GROUP_FULL',
    'NO_COMMITTED_OFFSET',
    'OFFSET_OUT_OF_RANGE',
    'NOT_COORDINATOR',
    'NOT_LEADER',
    'BROKER_UNAVAILABLE',
    'STORAGE_OFFLINE',
    'BUSY',
    'TIMED_OUT',
  ],
}

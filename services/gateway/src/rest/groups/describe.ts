import { limits } from '@courant/kernel'
import { describeGroupOf } from '../../groups/admin/describe-group.ts'
import { lagsOf } from '../../groups/lag/partition-lag.ts'
import { tenantRoute } from '../define-route.ts'
import { JSON_TYPE } from '../samples.ts'
import { sampleDescription } from './group-samples.ts'
import { GroupParams } from './group-schemas.ts'
import { GroupDescription, groupView } from './group-view.ts'

export const describeGroup = tenantRoute({
  method: 'GET',
  path: '/v1/groups/{group}',
  operationId: 'describeGroup',
  tag: 'Consumer groups',
  summary: 'Describe a consumer group and its lag',
  description:
    'Members, who owns what, and for each partition the committed offset, the end of the log and ' +
    'the lag, in records and in time, and whether it grows. Safe to repeat.',
  isolation: 'group',
  params: GroupParams,
  responses: {
    200: {
      description: 'The group at this moment.',
      content: { [JSON_TYPE]: { schema: GroupDescription, example: sampleDescription } },
    },
  },
  errors: ['GROUP_NOT_FOUND', 'NOT_COORDINATOR', 'TIMED_OUT'],

  async handle({ groups, clock }, { params, requestId, signal }, { tenantId }) {
    const name = { tenantId, group: params.group }
    const deadlineMs = clock.monotonicMs() + limits.controlPlaneTimeoutMs
    const patience = { deadlineMs, requestId, signal }
    const described = await describeGroupOf(groups.coordinators, name, patience)
    const lags = await lagsOf(groups.dataPath.leaders, clock, described.partitions)
    return { status: 200, body: groupView(described, lags) }
  },
})

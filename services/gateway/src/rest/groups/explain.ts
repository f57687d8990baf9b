import { limits } from '@courant/kernel'
import { Type } from 'typebox'
import { describeGroupOf } from '../../groups/admin/describe-group.ts'
import { type Finding, findingCodes } from '../../groups/explain/finding.ts'
import { judge } from '../../groups/explain/judge.ts'
import { lookAtGroup } from '../../groups/explain/look-at-group.ts'
import { tenantRoute } from '../define-route.ts'
import { JSON_TYPE } from '../samples.ts'
import { Timestamp } from '../schemas.ts'
import { HeavyKey, heavyKeyView, sampleHeavyKey } from '../topics/heavy-key-view.ts'
import { GroupParams } from './group-schemas.ts'

const FindingSchema = Type.Object(
  {
    code: Type.Unsafe<Finding['code']>({ type: 'string', enum: [...findingCodes] }),
    detail: Type.String({ description: 'For people.' }),
    numbers: Type.Record(Type.String(), Type.Number(), { description: 'What says so.' }),
    remedy: Type.String({ description: 'What to do about it.' }),
    topic: Type.Optional(Type.String()),
    partition: Type.Optional(Type.Integer()),
    memberId: Type.Optional(Type.String()),
    keys: Type.Optional(
      Type.Array(HeavyKey, { description: 'The heaviest ones of a hot partition.' }),
    ),
  },
  { $id: 'GroupFinding' },
)

const Explanation = Type.Object({
  group: Type.String(),
  at: Timestamp,
  findings: Type.Array(FindingSchema, { description: 'Worst first; at least one.' }),
})

export const explainGroup = tenantRoute({
  method: 'GET',
  path: '/v1/groups/{group}/explain',
  operationId: 'explainGroup',
  tag: 'Consumer groups',
  summary: 'Find out why a consumer group lags',
  description:
    'Reasons with the numbers that say so and what to do about each, the worst first: members ' +
    'that are silent, slow or too few, partitions that are hot and by which keys, rebalances ' +
    'that do not end, offsets that retention has overtaken. A group whose oldest record without ' +
    'a commit is young has NOTHING_WRONG. One that is behind is looked at twice, a second apart.' +
    `\n\nAt most ${limits.groupFindingsMax} findings. Codes may be added. Safe to repeat.`,
  isolation: 'group',
  params: GroupParams,
  responses: {
    200: {
      description: 'Why.',
      content: {
        [JSON_TYPE]: {
          schema: Explanation,
          example: {
            group: 'billing',
            at: 1_764_000_060_000,
            findings: [
              {
                code: 'HOT_PARTITION',
                detail:
                  'Partition 3 of orders is 84000 records behind, the median of the group 20; ' +
                  'one key has 62 % of it.',
                numbers: {
                  lagRecords: 84_000,
                  medianLagRecords: 20,
                  lagMs: 71_000,
                  heaviestKeyShare: 0.62,
                },
                remedy:
                  'Only one member at a time can read a key: spread it over several keys, if its ' +
                  'order allows, or process its records in less time.',
                topic: 'orders',
                partition: 3,
                keys: [sampleHeavyKey],
              },
            ],
          },
        },
      },
    },
  },
  errors: ['GROUP_NOT_FOUND', 'NOT_COORDINATOR', 'TIMED_OUT'],

  async handle({ groups, clock }, { params, requestId, signal }, { tenantId }) {
    const name = { tenantId, group: params.group }
    const deadlineMs = clock.monotonicMs() + limits.controlPlaneTimeoutMs
    const patience = { deadlineMs, requestId, signal }
    const sight = await lookAtGroup({
      clock,
      leaders: groups.dataPath.leaders,
      describe: () => describeGroupOf(groups.coordinators, name, patience),
      signal,
    })
    const findings = judge(sight).slice(0, limits.groupFindingsMax).map(findingView)
    return { status: 200, body: { group: params.group, at: sight.nowMs, findings } }
  },
})

function findingView({ keys, ...finding }: Finding) {
  if (keys === undefined) return finding
  return { ...finding, keys: keys.keys.map((key) => heavyKeyView(key, keys)) }
}

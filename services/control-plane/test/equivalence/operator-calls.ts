/** What operators ask, and what control planes do by themselves. */
import { removeBroker } from '../../src/brokers/remove-broker.ts'
import { continueDrains } from '../../src/drains/continue-drains.ts'
import { drainBroker, undrainBroker } from '../../src/drains/drain-broker.ts'
import { electUncleanLeader } from '../../src/elections/elect-unclean-leader.ts'
import { preferAllLeaders, preferLeaders } from '../../src/elections/prefer-leaders.ts'
import { runElections } from '../../src/elections/run-elections.ts'
import { forgetDeletions } from '../../src/feed/forget-deletions.ts'
import {
  cancelReassignments,
  reassignPartitions,
} from '../../src/reassignments/reassign-partitions.ts'
import { setReassignmentThrottle } from '../../src/reassignments/set-throttle.ts'
import * as model from '../model/index.ts'
import { type Kind, kind, type View } from './operation.ts'
import { ABSENT, BROKER_IDS, brokerOf, partitionOf } from './world.ts'

export const operatorCalls: readonly Kind[] = [
  kind('runElections', 2, {
    request: () => null,
    onReal: ({ cluster }) => runElections(cluster),
    onModel: ({ cluster }) => model.runElections(cluster),
  }),
  kind('preferLeaders', 2, {
    request: (view) => {
      const max = view.choices.between(1, 3)
      return view.choices.percent(50) ? { max } : { max, topicId: partitionOf(view).topicId }
    },
    onReal: ({ cluster }, request) => preferLeaders(cluster, valid(request)),
    onModel: ({ cluster }, request) => model.preferLeaders(cluster, valid(request)),
  }),
  kind('preferAllLeaders', 1, {
    request: (view) => ({ topicId: view.choices.percent(50) ? '' : partitionOf(view).topicId }),
    onReal: ({ cluster }, request) => preferAllLeaders(cluster, request),
    onModel: ({ cluster }, request) => model.preferAllLeaders(cluster, request),
  }),
  kind('electUncleanLeader', 5, {
    request: (view) => {
      const { state, choices } = view
      const leaderless = [...state.partitions.values()].filter(({ leader }) => leader === null)
      const { topicId, partition, replicas } = choices.any(leaderless) ?? partitionOf(view)
      const active = replicas.filter((id) => state.brokers.get(id)?.state === 'active')
      const brokerId = choices.any(choices.percent(75) ? active : replicas) ?? 0
      return { topicId, partition, brokerId, acceptDataLoss: choices.percent(75) }
    },
    onReal: ({ cluster }, request) => electUncleanLeader(cluster, request),
    onModel: ({ cluster }, request) => model.electUncleanLeader(cluster, request),
  }),
  kind('drainBroker', 2, {
    request: brokerOf,
    onReal: ({ cluster }, request) => drainBroker(cluster, request),
    onModel: ({ cluster }, request) => model.drainBroker(cluster, request),
  }),
  kind('undrainBroker', 2, {
    request: brokerOf,
    onReal: ({ cluster }, request) => undrainBroker(cluster, request),
    onModel: ({ cluster }, request) => model.undrainBroker(cluster, request),
  }),
  kind('continueDrains', 2, {
    request: () => null,
    onReal: ({ cluster }) => continueDrains(cluster),
    onModel: ({ cluster }) => model.continueDrains(cluster),
  }),
  kind('removeBroker', 1, {
    request: brokerOf,
    onReal: ({ cluster }, request) => removeBroker(cluster, request),
    onModel: ({ cluster }, request) => model.removeBroker(cluster, request),
  }),
  kind('reassignPartitions', 5, {
    request: (view) => ({ reassignments: names(view).map((name) => reassignment(view, name)) }),
    onReal: ({ cluster }, request) => reassignPartitions(cluster, request),
    onModel: ({ cluster }, request) => model.reassignPartitions(cluster, request),
  }),
  kind('cancelReassignments', 3, {
    request: (view) => ({ partitions: names(view) }),
    onReal: ({ cluster }, request) => cancelReassignments(cluster, request),
    onModel: ({ cluster }, request) => model.cancelReassignments(cluster, request),
  }),
  kind('setReassignmentThrottle', 1, {
    request: ({ choices }) => ({ bytesPerSecond: choices.between(-1, 5) * 1_000 }),
    onReal: ({ cluster }, request) => setReassignmentThrottle(cluster, request),
    onModel: ({ cluster }, request) => model.setReassignmentThrottle(cluster, request),
  }),
  kind('forgetDeletions', 1, {
    request: ({ choices }) => choices.one(0, 30_000, 120_000),
    onReal: ({ database }, olderThanMs) => forgetDeletions(database, `${olderThanMs} milliseconds`),
    onModel: (_side, olderThanMs) => model.forgetDeletions(olderThanMs),
  }),
]

/** Who calls it has looked the topic up. */
function valid<Request extends { readonly topicId?: string }>(request: Request): Request {
  return request.topicId === 'x' ? { ...request, topicId: ABSENT } : request
}

interface Name {
  readonly topicId: string
  readonly partition: number
}

function names(view: View): Name[] {
  return Array.from({ length: view.choices.between(1, 3) }, () => {
    const moving = [...view.state.partitions.values()].filter((row) => row.targetReplicas.length)
    const chosen = view.choices.percent(50) ? view.choices.any(moving) : undefined
    const { topicId, partition } = chosen ?? partitionOf(view)
    return { topicId, partition }
  })
}

function reassignment({ state, choices }: View, name: Name) {
  const known = state.partitions.get(`${name.topicId}/${name.partition}`)
  const size = choices.between(1, 4)
  const replicas = choices.percent(85)
    ? choices.shuffled(BROKER_IDS).slice(0, size)
    : choices.one([], [0, 0], [7], [...(known?.replicas ?? [])], [...(known?.targetReplicas ?? [])])
  return { ...name, replicas }
}

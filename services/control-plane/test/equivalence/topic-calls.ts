/** What tenants ask of their topics, also of topics that differ, are gone, or somebody else's. */

import { lookupApiKey, lookupTopic } from '../../src/feed/lookup.ts'
import { createTenant } from '../../src/tenants/create-tenant.ts'
import { addPartitions } from '../../src/topics/add-partitions.ts'
import { alterTopic } from '../../src/topics/alter-topic.ts'
import { createTopic } from '../../src/topics/create-topic.ts'
import { deleteTopic } from '../../src/topics/delete-topic.ts'
import * as model from '../model/index.ts'
import { type Kind, kind, type View } from './operation.ts'
import { TENANT_NAMES, TOPIC_NAMES, tenantOf } from './world.ts'

const { signal } = new AbortController()

export const topicCalls: readonly Kind[] = [
  kind('createTenant', 1, {
    request: ({ choices }) => (choices.percent(5) ? '' : choices.one(...TENANT_NAMES)),
    onReal: (side, name) => createTenant(side, name, signal),
    onModel: (side, name) => model.createTenant(side, name),
  }),
  kind('createTopic', 5, {
    request: (view) => {
      const { choices } = view
      return {
        ...topicOf(view),
        partitionCount: choices.percent(95) ? choices.between(0, 4) : choices.one(-1, 10_001),
        replicationFactor: choices.percent(95) ? choices.between(0, 4) : choices.one(-1, 16),
        config: settingsOf(view),
      }
    },
    onReal: (side, request) => createTopic(side, request, signal),
    onModel: (side, request) => model.createTopic(side, request),
  }),
  kind('alterTopic', 4, {
    request: (view) => ({
      ...topicOf(view),
      set: settingsOf(view),
      reset: view.choices.some([
        ...view.choices.some(['min.insync.replicas']),
        ...(view.choices.percent(3) ? ['x'] : []),
      ]),
    }),
    onReal: ({ cluster }, request) => alterTopic(cluster, request, signal),
    onModel: ({ cluster }, request) => model.alterTopic(cluster, request),
  }),
  kind('addPartitions', 2, {
    request: (view) => {
      const { choices } = view
      const partitionCount = choices.percent(95) ? choices.between(1, 6) : choices.one(0, 10_001)
      return { ...topicOf(view), partitionCount }
    },
    onReal: ({ cluster }, request) => addPartitions(cluster, request, signal),
    onModel: ({ cluster }, request) => model.addPartitions(cluster, request),
  }),
  kind('deleteTopic', 1, {
    request: topicOf,
    onReal: ({ cluster }, request) => deleteTopic(cluster, request, signal),
    onModel: ({ cluster }, request) => model.deleteTopic(cluster, request),
  }),
  kind('lookupTopic', 1, {
    request: topicOf,
    onReal: ({ database }, request) => lookupTopic(database, request),
    onModel: (_side, request) => model.lookupTopic(request),
  }),
  kind('lookupApiKey', 1, {
    request: ({ state, choices }) => ({ keyId: choices.any(state.apiKeys.values())?.keyId ?? '' }),
    onReal: ({ database }, request) => lookupApiKey(database, request),
    onModel: (_side, request) => model.lookupApiKey(request),
  }),
]

function topicOf(view: View): { readonly tenantId: string; readonly name: string } {
  const { choices } = view
  const name = choices.percent(97) ? choices.one(...TOPIC_NAMES) : choices.one('a b', 'absent')
  return { tenantId: tenantOf(view), name }
}

function settingsOf({ choices }: View): Record<string, string> {
  const settings: Record<string, string> = {}
  if (choices.percent(60)) settings['min.insync.replicas'] = String(choices.between(1, 3))
  if (choices.percent(20)) settings['retention.ms'] = String(choices.between(1, 3) * 3_600_000)
  if (choices.percent(3)) settings[choices.one('min.insync.replicas', 'x')] = 'x'
  return settings
}

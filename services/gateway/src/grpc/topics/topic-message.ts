import { Topic, type TopicConfig, TopicStatus, TopicSummary } from '@courant/api/v1/topic_service'
import type { topicSummary, topicView } from '../../topics/topic-view.ts'

type View = ReturnType<typeof topicView>

/** A topic as REST shows it, as a message. */
export function topicMessage(view: View): Topic {
  const details = Object.entries(view.configDetails)
  return Topic.fromPartial({
    ...view,
    status:
      view.status === 'READY' ? TopicStatus.TOPIC_STATUS_READY : TopicStatus.TOPIC_STATUS_CREATING,
    configDetails: Object.fromEntries(
      details.map(([name, detail]) => [name, { ...detail, default: String(detail.default) }]),
    ),
    partitionDetails: view.partitionDetails.map((detail) => ({
      ...detail,
      leader: detail.leader ?? undefined,
      replicas: [...detail.replicas],
      inSyncReplicas: [...detail.inSyncReplicas],
    })),
  })
}

/** One row of a list. */
export function summaryMessage(summary: ReturnType<typeof topicSummary>): TopicSummary {
  return TopicSummary.fromPartial(summary)
}

/** The settings that a message gives, under their names in JSON. */
export function givenSettings(config: TopicConfig | undefined): Record<string, unknown> {
  const entries = Object.entries(config ?? {})
  return Object.fromEntries(entries.filter(([, value]) => value !== undefined))
}

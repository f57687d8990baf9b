/** Topics as callers see them. */
import {
  type PartitionIndex,
  partitionIndex,
  type TopicConfig,
  type TopicId,
  type TopicSettingName,
  topicSettings,
} from '@courant/kernel'
import type { Partition, Topic } from '@courant/metadata'

/** What the views need of the metadata copy. */
export interface PartitionsOf {
  partition(topic: TopicId, index: PartitionIndex): Partition | null
}

/** One row of a list. */
export function topicSummary(topic: Topic) {
  return {
    name: topic.name,
    topicId: topic.topicId,
    partitions: topic.partitionCount,
    replicationFactor: topic.replicationFactor,
    createdAt: topic.createdAtMs,
    config: effectiveConfig(topic),
  }
}

/** A topic with all that one may ask about it. */
export function topicView(topic: Topic, copy: PartitionsOf) {
  const partitionDetails = Array.from({ length: topic.partitionCount }, (_, index) =>
    partitionView(index, copy.partition(topic.topicId, partitionIndex(index))),
  )
  const ready = partitionDetails.every(({ leader }) => leader !== null)
  return {
    ...topicSummary(topic),
    status: ready ? ('READY' as const) : ('CREATING' as const),
    configDetails: configDetails(topic),
    partitionDetails,
  }
}

function partitionView(index: number, partition: Partition | null) {
  return {
    partition: index,
    leader: partition?.leader ?? null,
    leaderEpoch: partition?.leaderEpoch ?? -1,
    partitionEpoch: partition?.partitionEpoch ?? -1,
    replicas: partition?.replicas ?? [],
    inSyncReplicas: partition?.inSyncReplicas ?? [],
  }
}

function effectiveConfig(topic: Topic): TopicConfig {
  if (isSet(topic, 'minInsyncReplicas')) return topic.config
  return { ...topic.config, minInsyncReplicas: defaultOf(topic, 'minInsyncReplicas') as number }
}

function configDetails(topic: Topic) {
  const names = Object.keys(topicSettings) as TopicSettingName[]
  return Object.fromEntries(
    names.map((name) => [
      name,
      { source: isSet(topic, name) ? 'topic' : 'default', default: defaultOf(topic, name) },
    ]),
  )
}

function isSet(topic: Topic, name: TopicSettingName): boolean {
  return Object.hasOwn(topic.settings, topicSettings[name].kafka)
}

/** The one default that depends on the topic: a majority of its replicas. */
function defaultOf(topic: Topic, name: TopicSettingName): string | number {
  if (name === 'minInsyncReplicas') return Math.floor(topic.replicationFactor / 2) + 1
  return topicSettings[name].default
}

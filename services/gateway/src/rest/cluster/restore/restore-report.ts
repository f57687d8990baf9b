/** What a restore of the metadata means for topics and brokers, as operators see it. */
import {
  type RestoreClusterResponse,
  type RestoreFinding,
  RestoreFindingKind,
} from '@courant/api/internal/v1/cluster'
import { Type } from 'typebox'
import type { TopicNames } from '../../../restore/topic-names.ts'
import { nullable } from '../../schemas.ts'

const KINDS = ['WITHOUT_LEADER', 'MOVED', 'ADDED', 'EMPTY'] as const
type Kind = (typeof KINDS)[number]

const TENANT = nullable(
  Type.String({ description: 'Its name; null where this gateway does not know it.' }),
)

const Finding = Type.Object({
  kind: Type.Unsafe<Kind>({
    type: 'string',
    enum: [...KINDS],
    description:
      'WITHOUT_LEADER: too few of its brokers answered to say who has everything, so it gets no ' +
      'leader. MOVED: other brokers than the database knows have its records, and get it. ADDED: ' +
      'the topic got it after the backup, and it is there again. EMPTY: no broker has a log of it, ' +
      'and it begins empty; its topic was deleted after the backup.',
  }),
  topicId: Type.String(),
  topic: Type.String(),
  tenant: TENANT,
  partition: Type.Integer(),
  replicas: Type.Array(Type.Integer(), { description: 'As they will be.' }),
})

const UnknownTopic = Type.Object({
  topicId: Type.String(),
  topic: nullable(Type.String({ description: 'Null where this gateway does not know it either.' })),
  tenant: TENANT,
  partitions: Type.Integer(),
  brokers: Type.Array(Type.Integer(), { description: 'That have logs of it.' }),
})

export const RestoreReport = Type.Object(
  {
    wentBack: Type.Boolean({
      description: 'The database is older than what somebody has seen of it, or was until now.',
    }),
    restored: Type.Boolean({ description: 'A new incarnation has begun.' }),
    clusterIncarnation: Type.Integer({ description: 'What the database was at.' }),
    metadataVersion: Type.Integer(),
    seenIncarnation: Type.Integer({ description: 'The newest that anybody has seen.' }),
    seenVersion: Type.Integer(),
    silentBrokers: Type.Array(Type.Integer(), {
      description: 'Did not answer, or do not vouch for what they have.',
    }),
    partitions: Type.Integer({ description: 'Those that there will be.' }),
    partitionsBehind: Type.Integer({
      description: 'Of these, those that the brokers have newer leader epochs of.',
    }),
    findings: Type.Array(Finding, { description: 'At most 1 000: what needs a word.' }),
    unknownTopics: Type.Array(UnknownTopic, {
      description: 'At most 1 000: brokers have logs of them, and the database knows nothing.',
    }),
  },
  { $id: 'RestoreReport' },
)

const KIND_NAMES: Readonly<Partial<Record<RestoreFindingKind, Kind>>> = {
  [RestoreFindingKind.RESTORE_FINDING_KIND_WITHOUT_LEADER]: 'WITHOUT_LEADER',
  [RestoreFindingKind.RESTORE_FINDING_KIND_MOVED]: 'MOVED',
  [RestoreFindingKind.RESTORE_FINDING_KIND_ADDED]: 'ADDED',
  [RestoreFindingKind.RESTORE_FINDING_KIND_EMPTY]: 'EMPTY',
}

export function restoreReportView(
  report: RestoreClusterResponse,
  names: ReadonlyMap<string, TopicNames>,
) {
  return {
    wentBack: report.wentBack,
    restored: report.restored,
    clusterIncarnation: report.clusterIncarnation,
    metadataVersion: report.metadataVersion,
    seenIncarnation: report.reportedIncarnation,
    seenVersion: report.reportedVersion,
    silentBrokers: report.silentBrokers,
    partitions: report.partitions,
    partitionsBehind: report.partitionsBehind,
    findings: report.findings.flatMap((finding) => findingView(finding, names)),
    unknownTopics: report.unknownTopics.map(({ topicId, partitions, brokers }) => {
      const { topic = null, tenant = null } = names.get(topicId) ?? {}
      return { topicId, topic, tenant, partitions, brokers }
    }),
  }
}

/** A kind that this gateway does not know is of a newer control plane. */
function findingView(
  { kind, topicId, topicName, partition, replicas }: RestoreFinding,
  names: ReadonlyMap<string, TopicNames>,
) {
  const name = KIND_NAMES[kind]
  if (name === undefined) return []
  const tenant = names.get(topicId)?.tenant ?? null
  return [{ kind: name, topicId, topic: topicName, tenant, partition, replicas }]
}

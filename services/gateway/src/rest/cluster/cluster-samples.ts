/** What the examples of the operators' routes speak of. */
import { sampleSummary, sampleTenant } from '../samples.ts'

export const sampleBroker = {
  brokerId: 1,
  brokerEpoch: 17,
  host: '10.0.3.17',
  port: 7072,
  rack: 'eu-1a',
  state: 'ACTIVE',
  drain: 'NONE',
  registeredAt: 1_764_000_000_000,
  sessionEndsInMs: 7_310,
  leaders: 128,
  preferredLeaders: 130,
  replicas: 390,
  replicasInSync: 390,
}

export const samplePartition = {
  topicId: sampleSummary.topicId,
  topic: sampleSummary.name,
  tenantId: sampleTenant.tenantId,
  tenant: sampleTenant.name,
  partition: 3,
  states: ['UNDER_REPLICATED', 'REASSIGNING'],
  leader: 1,
  leaderEpoch: 6,
  partitionEpoch: 21,
  replicas: [1, 2, 3, 4],
  inSyncReplicas: [1, 2, 3],
  minInsyncReplicas: 2,
  eligibleReplicas: [],
  lastKnownEligibleReplicas: [],
  addingReplicas: [4],
  removingReplicas: [2],
  lastUncleanLeaderEpoch: null,
}

export const sampleReassigned = {
  topicId: sampleSummary.topicId,
  partition: 3,
  replicas: [1, 2, 3, 4],
  addingReplicas: [4],
  removingReplicas: [2],
}

export const sampleRestoreReport = {
  wentBack: true,
  restored: false,
  clusterIncarnation: 1,
  metadataVersion: 4_102,
  seenIncarnation: 1,
  seenVersion: 4_711,
  silentBrokers: [],
  partitions: 130,
  partitionsBehind: 12,
  findings: [
    {
      kind: 'ADDED',
      topicId: sampleSummary.topicId,
      topic: sampleSummary.name,
      tenant: sampleTenant.name,
      partition: 3,
      replicas: [1, 2, 3],
    },
  ],
  unknownTopics: [
    {
      topicId: '0198b6a1-6f0e-7cc0-8a3a-0242ac120002',
      topic: 'made-later',
      tenant: sampleTenant.name,
      partitions: 6,
      brokers: [1, 2, 3],
    },
  ],
}

/** What the examples of the reference speak of: one small company's topic and keys. */
import { defaultTopicConfig, topicSettings } from '@courant/kernel'

export const JSON_TYPE = 'application/json'

export const sampleSummary = {
  name: 'orders',
  topicId: '7b0c4c3e-9a44-4d0e-8a2f-3c1f6f5f2f10',
  partitions: 12,
  replicationFactor: 3,
  createdAt: 1_764_000_000_000,
  config: { ...defaultTopicConfig, retentionMs: 86_400_000, minInsyncReplicas: 2 },
}

export const sampleTopic = {
  ...sampleSummary,
  status: 'READY',
  configDetails: {
    ...Object.fromEntries(
      Object.entries(topicSettings).map(([name, setting]) => [
        name,
        { source: name === 'retentionMs' ? 'topic' : 'default', default: setting.default },
      ]),
    ),
    minInsyncReplicas: { source: 'default', default: 2 },
  },
  partitionDetails: [
    {
      partition: 0,
      leader: 1,
      leaderEpoch: 0,
      partitionEpoch: 0,
      replicas: [1, 2, 3],
      inSyncReplicas: [1, 2, 3],
    },
  ],
}

export const sampleApiKey = {
  keyId: 'V1StGXR8Z5jdHi6B',
  name: 'checkout service',
  scope: 'tenantAdmin',
  createdAt: 1_764_000_000_000,
  expiresAt: null,
}

export const sampleKeyText = 'crt_V1StGXR8Z5jdHi6B_EXAMPLE0EXAMPLE0EXAMPLE0EXAMPLE0EXAMPLE0abc'

export const sampleTenant = {
  tenantId: '0b9e4a52-5f0e-4d8e-b3a5-4a1f9d2c7e61',
  name: 'acme',
  createdAt: 1_764_000_000_000,
}

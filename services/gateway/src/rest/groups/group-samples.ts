/** What the examples of the reference say of groups. */
import { sampleTrend } from './lag-trend-view.ts'

export const sampleToken = 'AQAAAAEMYmlsbGluZxB3b3JrZXItMQ'

export const samplePoll = {
  records: [
    {
      topic: 'orders',
      partition: 3,
      offset: 41_209,
      timestamp: 1_764_000_000_000,
      key: 'cust-9',
      value: { total: 4200 },
      headers: [],
    },
  ],
  leaseToken: sampleToken,
  leaseExpiresAt: 1_764_000_045_000,
  assignment: [{ topic: 'orders', partitions: [0, 1, 2, 3] }],
  revoked: [],
}

export const sampleDescription = {
  group: 'billing',
  state: 'STABLE',
  groupEpoch: 4,
  assignor: 'uniform',
  createdAt: 1_764_000_000_000,
  emptySince: null,
  lagRecords: 12,
  lagMs: 840,
  lagTrend: sampleTrend,
  members: [
    {
      memberId: 'worker-1',
      principal: 'V1StGXR8Z5jdHi6B',
      memberEpoch: 4,
      topics: ['orders'],
      topicPattern: null,
      polling: true,
      sessionTimeoutMs: 45_000,
      sessionEndsInMs: 44_120,
      rebalanceTimeoutMs: 300_000,
      partitions: 1,
      partitionsToRelease: 0,
      releaseWantedSince: null,
      joinedAt: 1_764_000_000_000,
      lastPollAt: 1_764_000_060_000,
      lastCommitAt: 1_764_000_060_000,
      clientAddress: '10.0.4.2',
      clientSoftware: 'curl/8.15.0',
    },
  ],
  partitions: [
    {
      topic: 'orders',
      partition: 0,
      owner: 'worker-1',
      nextOwner: null,
      committedOffset: 41_198,
      committedLeaderEpoch: 2,
      committedAt: 1_764_000_060_000,
      metadata: '',
      logStartOffset: 0,
      logEndOffset: 41_210,
      lagRecords: 12,
      lagMs: 840,
      lagTrend: sampleTrend,
    },
  ],
  incidents: [{ at: 1_764_000_000_000, kind: 'JOINED', memberId: 'worker-1' }],
}

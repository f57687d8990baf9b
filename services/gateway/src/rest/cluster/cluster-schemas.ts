/** The shapes of what operators see: brokers, and partitions of all tenants. */
import { Type } from 'typebox'
import { nullable, Timestamp } from '../schemas.ts'

const INT32_MAX = 0x7fffffff
const UUID = '^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$'

/** Parts of what is given. */
export const GivenBrokerId = Type.Integer({
  minimum: 0,
  maximum: INT32_MAX,
  description: 'Id of a broker.',
})
export const GivenTopicId = Type.String({
  pattern: UUID,
  description: 'Id of a topic, a lower-case UUID: its name is unique only within its tenant.',
})
export const GivenPartition = Type.Integer({
  minimum: 0,
  maximum: INT32_MAX,
  description: 'Index of the partition.',
})

export const BrokerParams = Type.Object({ brokerId: GivenBrokerId })

const BrokerIds = Type.Array(Type.Integer())

export type BrokerStateName = 'ACTIVE' | 'FENCED' | 'STOPPING'

export const BrokerStateName = Type.Unsafe<BrokerStateName>({
  type: 'string',
  enum: ['ACTIVE', 'FENCED', 'STOPPING'],
  description:
    'FENCED: it has no session, so it leads nothing and nothing waits for it. STOPPING: it hands ' +
    'its leaderships on, to stop in order.',
})

export const ClusterBroker = Type.Object(
  {
    brokerId: Type.Integer(),
    brokerEpoch: Type.Integer({ description: 'One uptime of it; a later one has a larger one.' }),
    host: Type.String(),
    port: Type.Integer(),
    rack: Type.String(),
    state: BrokerStateName,
    drain: Type.Unsafe<'NONE' | 'DRAINING' | 'DRAINED'>({
      type: 'string',
      enum: ['NONE', 'DRAINING', 'DRAINED'],
      description: 'Whether an operator wants it empty, and whether it is.',
    }),
    registeredAt: Timestamp,
    sessionEndsInMs: Type.Integer({
      description: 'Unless it is heard before. Negative: it ended so long ago.',
    }),
    leaders: Type.Integer({ description: 'Partitions that it leads.' }),
    preferredLeaders: Type.Integer({ description: 'Partitions that it is to lead.' }),
    replicas: Type.Integer({ description: 'Partitions that it has a replica of.' }),
    replicasInSync: Type.Integer({ description: 'Of these, those in which it is in sync.' }),
  },
  { $id: 'ClusterBroker' },
)

/** What may be wrong with a partition, or goes on with it. */
const PARTITION_STATES = [
  'UNDER_REPLICATED',
  'BELOW_MIN_INSYNC',
  'LEADERLESS',
  'REASSIGNING',
] as const
export type PartitionState = (typeof PARTITION_STATES)[number]

export const PartitionStateName = Type.Unsafe<PartitionState>({
  type: 'string',
  enum: [...PARTITION_STATES],
  description:
    'UNDER_REPLICATED: some replica is not in sync. BELOW_MIN_INSYNC: so few are that `acks=all` ' +
    'is refused. LEADERLESS: nobody can write or read. REASSIGNING: it moves to other brokers.',
})

export const ClusterPartition = Type.Object(
  {
    topicId: Type.String(),
    topic: Type.String(),
    tenantId: Type.String(),
    tenant: nullable(Type.String({ description: 'Its name; null while it is not known here.' })),
    partition: Type.Integer(),
    states: Type.Array(PartitionStateName, { description: 'Empty: all is as it should be.' }),
    leader: nullable(Type.Integer({ description: 'Id of the leading broker; null without one.' })),
    leaderEpoch: Type.Integer(),
    partitionEpoch: Type.Integer(),
    replicas: Type.Array(Type.Integer(), { description: 'Broker ids, preferred leader first.' }),
    inSyncReplicas: BrokerIds,
    minInsyncReplicas: Type.Integer({ description: 'In sync for `acks=all` to be taken.' }),
    eligibleReplicas: Type.Array(Type.Integer(), {
      description: 'Not in sync, but have every acknowledged record (KIP-966).',
    }),
    lastKnownEligibleReplicas: Type.Array(Type.Integer(), {
      description: 'Had every acknowledged record until their disks could not be vouched for.',
    }),
    addingReplicas: Type.Array(Type.Integer(), { description: 'Have to catch up yet.' }),
    removingReplicas: Type.Array(Type.Integer(), { description: 'Leave once those have.' }),
    lastUncleanLeaderEpoch: nullable(
      Type.Integer({ description: 'Of the last leader that may have lacked records.' }),
    ),
  },
  { $id: 'ClusterPartition' },
)

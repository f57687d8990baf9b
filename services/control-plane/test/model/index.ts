/**
 * A control plane's database and operations in memory, for simulations: the same decisions as the
 * real one's, on tables that are maps. `test/model-equivalence.e2e.ts` proves the two equal.
 */
export { SilenceWatch } from '../../src/brokers/silence-watch.ts'
export { FeedState } from '../../src/feed/feed-state.ts'
export { VersionHistory } from '../../src/feed/version-history.ts'
export { watchMetadata } from '../../src/feed/watch-metadata.ts'
export { UnconfirmedTime } from '../../src/rollback/confirmation-watch.ts'
export { allocateProducerIds } from './brokers/allocate-producer-ids.ts'
export { fenceBroker, sweepSessions } from './brokers/fence-broker.ts'
export { sendHeartbeat } from './brokers/heartbeat.ts'
export { registerBroker } from './brokers/register-broker.ts'
export { removeBroker } from './brokers/remove-broker.ts'
export { readSessions } from './brokers/sessions.ts'
export { type ClusterState, copyOf, newCluster, restore } from './database/cluster-state.ts'
export { ModelCluster } from './database/model-cluster.ts'
export { forgetDeletions, readFeed } from './database/read-feed.ts'
export {
  commit,
  runAtOnce,
  type Step,
  type Transaction,
  transaction,
  type Work,
} from './database/transaction.ts'
export { alterPartitions } from './elections/alter-partitions.ts'
export { electUncleanLeader } from './elections/elect-unclean-leader.ts'
export { preferAllLeaders, preferLeaders } from './elections/prefer-leaders.ts'
export { runElections } from './elections/run-elections.ts'
export { beginIncarnation } from './operators/begin-incarnation.ts'
export { continueDrains, drainBroker, undrainBroker } from './operators/drain-broker.ts'
export { cancelReassignments, reassignPartitions } from './operators/reassign-partitions.ts'
export { setReassignmentThrottle } from './operators/set-throttle.ts'
export { hear, lookAtServer } from './rollback/hear.ts'
export { addPartitions } from './topics/add-partitions.ts'
export { alterTopic } from './topics/alter-topic.ts'
export { createTenant } from './topics/create-tenant.ts'
export { createTopic } from './topics/create-topic.ts'
export { deleteTopic } from './topics/delete-topic.ts'
export { lookupApiKey, lookupTopic } from './topics/lookup.ts'

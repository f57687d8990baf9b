import type { Suite } from '../harness/suite.ts'
import { brokerFetch } from './broker-fetch.ts'
import { brokerProduceBatches } from './broker-produce-batches.ts'
import { brokerProduceIdempotent } from './broker-produce-idempotent.ts'
import { brokerProduceSingles } from './broker-produce-singles.ts'
import { brokerStart } from './broker-start.ts'
import { engineAppend } from './engine-append.ts'
import { engineGroupCommit } from './engine-group-commit.ts'
import { enginePartitions } from './engine-partitions.ts'
import { groupFanOut } from './group-fan-out.ts'
import { groupLatency } from './group-latency.ts'
import { groupMembers } from './group-members.ts'
import { groupPoll } from './group-poll.ts'
import { groupRebalance } from './group-rebalance.ts'
import { groups } from './groups.ts'
import { grpcStreams } from './grpc.ts'
import { idlePartition } from './idle-partition.ts'
import { recovery } from './recovery.ts'
import { replicationIdle } from './replication-idle.ts'
import { replicationLatency } from './replication-latency.ts'
import { replicationThroughput } from './replication-throughput.ts'
import { restFetch } from './rest-fetch.ts'
import { restLatency } from './rest-latency.ts'
import { restProduce } from './rest-produce.ts'

/** In the order of the table in README.md. */
export const suites: readonly Suite[] = [
  engineAppend,
  engineGroupCommit,
  enginePartitions,
  brokerProduceBatches,
  brokerProduceSingles,
  brokerProduceIdempotent,
  brokerFetch,
  restProduce,
  restFetch,
  restLatency,
  grpcStreams,
  groups,
  groupPoll,
  groupFanOut,
  groupRebalance,
  groupMembers,
  groupLatency,
  idlePartition,
  recovery,
  brokerStart,
  replicationThroughput,
  replicationLatency,
  replicationIdle,
]

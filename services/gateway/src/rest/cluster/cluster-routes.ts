/** Operators' routes on brokers and on the places of partitions, in the order of the reference. */
import type { Route } from '../route.ts'
import { describeBroker } from './brokers/describe.ts'
import { drainBroker } from './brokers/drain.ts'
import { listBrokers } from './brokers/list.ts'
import { removeBroker } from './brokers/remove.ts'
import { undrainBroker } from './brokers/undrain.ts'
import { describeCluster } from './describe.ts'
import { electPreferredLeaders } from './elections/preferred.ts'
import { electUncleanLeader } from './elections/unclean.ts'
import { listPartitions } from './partitions/list.ts'
import { cancelReassignments } from './reassignments/cancel.ts'
import { listReassignments } from './reassignments/list.ts'
import { startReassignments } from './reassignments/start.ts'
import { alterThrottle, describeThrottle } from './reassignments/throttle.ts'
import { restoreCluster } from './restore/restore.ts'

export const clusterRoutes: readonly Route[] = [
  describeCluster,
  listBrokers,
  describeBroker,
  drainBroker,
  undrainBroker,
  removeBroker,
  listPartitions,
  startReassignments,
  listReassignments,
  cancelReassignments,
  describeThrottle,
  alterThrottle,
  electPreferredLeaders,
  electUncleanLeader,
  restoreCluster,
]

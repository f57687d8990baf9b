import type { Suite } from '../harness/suite.ts'
import { brokerFetch } from './broker-fetch.ts'
import { brokerProduceBatches } from './broker-produce-batches.ts'
import { brokerProduceSingles } from './broker-produce-singles.ts'
import { brokerStart } from './broker-start.ts'
import { restFetch } from './rest-fetch.ts'
import { restLatency } from './rest-latency.ts'
import { restProduce } from './rest-produce.ts'

/** In the order of the table in README.md. */
export const suites: readonly Suite[] = [
  brokerProduceBatches,
  brokerProduceSingles,
  brokerFetch,
  restProduce,
  restFetch,
  restLatency,
  brokerStart,
]

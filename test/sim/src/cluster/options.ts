import type { SeededRandom } from '@courant/kernel'
import type { DatabaseKnobs } from '../control-plane/sim-database.ts'
import type { DiskKnobs } from '../machine/machine.ts'
import type { NetworkKnobs } from '../network/links.ts'

/** How the cluster of a seed is made. */
export interface ClusterOptions {
  readonly brokers: number
  readonly controllers: number
  readonly gateways: number
  readonly sessionTimeoutMs: number
  readonly replicaLagMs: number
  readonly ringBytes: number
  readonly segmentBytes: number
  readonly network: NetworkKnobs
  readonly disk: DiskKnobs
  readonly database: DatabaseKnobs
  /** Wall clocks differ by up to so much. */
  readonly wallSkewMs: number
  /** Of all topics; -1 keeps what the other allows. */
  readonly retention: Retention
}

interface Retention {
  readonly ms: number
  readonly bytes: number
  /** Segments are rolled at this age, so that there is something to delete. */
  readonly segmentMs: number
}

const DAY_MS = 86_400_000
const KEEP_ALL: Retention = { ms: -1, bytes: -1, segmentMs: DAY_MS }
const RETENTIONS = [
  KEEP_ALL,
  KEEP_ALL,
  { ms: 5_000, bytes: -1, segmentMs: 2_000 },
  { ms: 20_000, bytes: -1, segmentMs: 6_000 },
  { ms: -1, bytes: 8_192, segmentMs: 2_000 },
  { ms: -1, bytes: 65_536, segmentMs: DAY_MS },
  { ms: 10_000, bytes: 16_384, segmentMs: 4_000 },
] as const

export function clusterOptions(random: SeededRandom): ClusterOptions {
  const pick = <Item>(items: readonly [Item, ...Item[]]): Item =>
    items[random.below(items.length)] ?? items[0]
  return {
    brokers: pick([3, 3, 3, 4]),
    controllers: 2,
    gateways: 2,
    sessionTimeoutMs: pick([2_000, 3_000, 6_000]),
    replicaLagMs: pick([1_000, 3_000, 10_000]),
    ringBytes: pick([128, 256, 1_024]) * 1_024,
    segmentBytes: pick([16_384, 65_536, 1_048_576]),
    network: { delayMs: pick([0.1, 0.3, 2]), jitterMs: pick([0.2, 2, 20]) },
    disk: { callMs: pick([0.05, 0.3]), syncMs: pick([0.5, 3, 10]) },
    database: {
      serviceMs: pick([1, 5, 30]),
      lostCommits: pick([0, 0, 0.02, 0.1]),
      conflicts: pick([0, 0.02, 0.1]),
    },
    wallSkewMs: pick([0, 50, 2_000]),
    retention: pick(RETENTIONS),
  }
}

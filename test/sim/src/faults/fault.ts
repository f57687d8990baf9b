import type { SeededRandom } from '@courant/kernel'
import type { SimCluster } from '../cluster/sim-cluster.ts'
import type { Topics } from '../workload/topics.ts'

/** What a fault may use. */
export interface FaultContext {
  readonly cluster: SimCluster
  readonly topics: Topics
  readonly random: SeededRandom
  /** Says what is done, for the list of a seed's faults. */
  readonly note: (what: string) => void
  /** Returns early when the time for faults is over; whether it is not. */
  readonly wait: (ms: number) => Promise<boolean>
}

/** Something that goes wrong, from its begin until all that it has changed is as before. */
export type Fault = (context: FaultContext) => Promise<void>

export function pickFrom<Item>(random: SeededRandom, items: readonly Item[]): Item {
  const item = items[random.below(items.length)]
  if (item === undefined) throw new Error('nothing to pick')
  return item
}

/** Between the two, and more often short than long. */
export function duration(random: SeededRandom, leastMs: number, mostMs: number): number {
  return Math.round(leastMs * (mostMs / leastMs) ** random.next())
}

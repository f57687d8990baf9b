import type { SeededRandom } from '@courant/kernel'
import type { BrokerPrograms } from '../cluster/broker-programs.ts'
import type { ChaosCluster, Target } from '../cluster/chaos-cluster.ts'
import type { ChaosDisks } from '../disk/chaos-disks.ts'
import type { ChaosNetwork } from '../network/chaos-network.ts'
import type { Links } from '../network/links.ts'

/** What a fault may use. */
export interface World {
  readonly cluster: ChaosCluster
  readonly programs: BrokerPrograms
  readonly network: ChaosNetwork
  readonly links: Links
  readonly disks: ChaosDisks
  /** A process has given up by itself: what has to be shown is shown. */
  isOver(): boolean
}

/** One blow: which processes it takes, what it does to them, and how that ends. */
export interface Strike {
  /** Nothing else strikes them meanwhile. */
  readonly targets: readonly Target[]
  /** For the log: what exactly. */
  readonly text: string
  /** How long until it heals; 0 for what is over with its begin. */
  readonly durationMs: number
  /** Resolves when the damage is done. */
  begin(): Promise<void>
  /** Resolves when everything runs again. A fault that heals by itself still has to look. */
  heal(): Promise<void>
}

/** A kind of fault, counted by its name. */
export interface Fault {
  readonly name: string
  /** How often it is chosen, against the others. */
  readonly weight: number
  /** Chooses among what is whole now; null when that is not enough for this kind. */
  plan(world: World, whole: readonly Target[], random: SeededRandom): Strike | null
}

export function targetText({ role, id }: Target): string {
  return role === 'postgres' ? role : `${role} ${id}`
}

/** In [from, to), short ones more often: what matters happens on several scales. */
export function duration(random: SeededRandom, fromMs: number, toMs: number): number {
  return Math.round(fromMs * (toMs / fromMs) ** random.next())
}

export function oneOf<Item>(items: readonly Item[], random: SeededRandom): Item | null {
  return items[random.below(items.length)] ?? null
}

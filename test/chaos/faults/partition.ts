import type { SeededRandom } from '@courant/kernel'
import type { Role } from '@courant/standalone'
import type { Target } from '../cluster/chaos-cluster.ts'
import type { Link } from '../network/links.ts'
import { duration, type Fault, oneOf, targetText } from './fault.ts'

const CUT_MS_MIN = 300
const CUT_MS_MAX = 30_000
const SLOW_MS_MIN = 2_000
const SLOW_MS_MAX = 15_000

export interface PartitionOptions {
  readonly name: string
  readonly weight: number
  readonly of: Role
  /** From whom it is cut off. */
  readonly from: readonly Role[]
  readonly direction: 'both' | 'one'
}

/** One process can no longer talk to those of some roles. */
export function partition({ name, weight, of, from, direction }: PartitionOptions): Fault {
  return {
    name,
    weight,
    plan({ cluster, links }, whole, random) {
      const victim = oneOf(
        whole.filter(({ role }) => role === of),
        random,
      )
      if (victim === null) return null
      const peers = cluster.targets.filter(({ role }) => from.includes(role))
      const cut = linksOf(victim, peers, direction, random)
      const how = random.next() < 0.3 ? 'refused' : 'lost'
      return {
        targets: [victim],
        text: `${targetText(victim)}, ${how}`,
        durationMs: duration(random, CUT_MS_MIN, CUT_MS_MAX),
        begin: () => links.cut(cut, how),
        heal: () => links.mend(cut),
      }
    },
  }
}

function linksOf(
  victim: Target,
  peers: readonly Target[],
  direction: 'both' | 'one',
  random: SeededRandom,
): readonly Link[] {
  const others = peers.filter((peer) => targetText(peer) !== targetText(victim))
  const out = others.map((peer) => ({ from: victim, to: peer }))
  const back = others.map((peer) => ({ from: peer, to: victim }))
  // The database has no routes of its own: without those of the others nobody reaches it anyway.
  const known = back.filter(({ from }) => from.role !== 'postgres')
  if (direction === 'both') return [...out, ...known]
  return random.next() < 0.5 ? out : known
}

/** Open connections between two brokers, or a broker and a control plane or gateway, break. */
export const resetConnections: Fault = {
  name: 'connections reset',
  weight: 3,
  plan({ cluster, network }, whole, random) {
    const broker = oneOf(
      whole.filter(({ role }) => role === 'broker'),
      random,
    )
    const other = oneOf(
      cluster.targets.filter(({ role }) => role !== 'postgres'),
      random,
    )
    if (broker === null || other === null || targetText(broker) === targetText(other)) return null
    return {
      targets: [broker],
      text: `${targetText(broker)} and ${targetText(other)}`,
      durationMs: 0,
      begin: () => network.reset(broker, other),
      heal: () => Promise.resolve(),
    }
  },
}

export const slowNetwork: Fault = {
  name: 'slow network',
  weight: 2,
  plan({ network }, whole, random) {
    const victim = oneOf(
      whole.filter(({ role }) => role !== 'postgres'),
      random,
    )
    if (victim === null) return null
    return {
      targets: [victim],
      text: targetText(victim),
      durationMs: duration(random, SLOW_MS_MIN, SLOW_MS_MAX),
      begin: () => network.slow(victim),
      heal: () => network.hasten(victim),
    }
  },
}

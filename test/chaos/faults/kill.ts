import type { SeededRandom } from '@courant/kernel'
import type { Role } from '@courant/standalone'
import type { Target } from '../cluster/chaos-cluster.ts'
import { duration, type Fault, oneOf, type Strike, targetText, type World } from './fault.ts'

/** As long as the session of a broker and longer, so that others are elected while it is away. */
const AWAY_MS_MIN = 200
const AWAY_MS_MAX = 15_000

/** kill -9 of one process of a role, which is started again. */
export function killOne(role: Role, weight: number): Fault {
  return {
    name: `kill -9 ${role}`,
    weight,
    plan(world, whole, random) {
      const target = oneOf(
        whole.filter((found) => found.role === role && !isForgetful(world, found)),
        random,
      )
      return target === null ? null : killing(world, [target], random)
    },
  }
}

/** kill -9 of two of three brokers, or of all of them. */
export function killBrokers(which: 'majority' | 'all', weight: number): Fault {
  return {
    name: `kill -9 ${which} of the brokers`,
    weight,
    plan(world, whole, random) {
      const all = world.cluster.targets.filter(({ role }) => role === 'broker')
      const brokers = whole.filter(({ role }) => role === 'broker')
      if (brokers.length < all.length) return null
      const spared = which === 'all' ? null : oneOf(brokers, random)
      return killing(
        world,
        brokers.filter((broker) => broker !== spared),
        random,
      )
    },
  }
}

/** Its kill is a power cut, which is counted as such. */
function isForgetful({ programs }: World, { role, id }: Target): boolean {
  return role === 'broker' && programs.of(id) === 'on a disk that forgets'
}

/** Processes that end by a signal, all at once, and are started again. */
export function killing(
  { cluster }: World,
  targets: readonly Target[],
  random: SeededRandom,
  signal: NodeJS.Signals = 'SIGKILL',
): Strike {
  return {
    targets,
    text: targets.map(targetText).join(', '),
    durationMs: duration(random, AWAY_MS_MIN, AWAY_MS_MAX),
    async begin() {
      await Promise.all(targets.map((target) => cluster.kill(target, signal)))
    },
    async heal() {
      await Promise.all(targets.map((target) => cluster.restart(target)))
    },
  }
}

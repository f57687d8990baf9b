import type { Target } from '../cluster/chaos-cluster.ts'
import { duration, type Fault, oneOf, targetText } from './fault.ts'

const OFF_MS_MIN = 200
const OFF_MS_MAX = 15_000

/** Unsynced sectors that were on their way when the power failed: none, or some of them. */
type Tearing = 'clean' | 'torn'

/** The power of one broker fails, or that of all at the same time. */
export function cutPower(of: 'one' | 'all', tearing: Tearing, weight: number): Fault {
  return {
    name: `power cut, ${of === 'all' ? 'all brokers' : 'one broker'}${tearing === 'torn' ? ', torn write' : ''}`,
    weight,
    plan({ cluster, programs }, whole, random) {
      const all = cluster.targets.filter(({ role }) => role === 'broker')
      const brokers = whole.filter(
        ({ role, id }) => role === 'broker' && programs.of(id) === 'on a disk that forgets',
      )
      const one = oneOf(brokers, random)
      if (one === null || (of === 'all' && brokers.length < all.length)) return null
      const targets: readonly Target[] = of === 'all' ? brokers : [one]
      return {
        targets,
        text: targets.map(targetText).join(', '),
        durationMs: duration(random, OFF_MS_MIN, OFF_MS_MAX),
        async begin() {
          const signal = tearing === 'torn' ? 'SIGUSR2' : 'SIGKILL'
          await Promise.all(targets.map((target) => cluster.kill(target, signal)))
        },
        async heal() {
          await Promise.all(targets.map((target) => cluster.restart(target)))
        },
      }
    },
  }
}

import { type Fault, oneOf } from './fault.ts'
import { killing } from './kill.ts'

/** Of the unsynced sectors that were on their way: none gets to the disk, or some do. */
type Tearing = 'clean' | 'torn'

/** The power of one broker fails, or that of all at the same time. */
export function cutPower(of: 'one' | 'all', tearing: Tearing, weight: number): Fault {
  const whose = of === 'all' ? 'all brokers' : 'one broker'
  return {
    name: `power cut, ${whose}${tearing === 'torn' ? ', torn write' : ''}`,
    weight,
    plan(world, whole, random) {
      const { cluster, programs } = world
      const all = cluster.targets.filter(({ role }) => role === 'broker')
      const brokers = whole.filter(
        ({ role, id }) => role === 'broker' && programs.of(id) === 'on a disk that forgets',
      )
      const one = oneOf(brokers, random)
      if (one === null || (of === 'all' && brokers.length < all.length)) return null
      const signal = tearing === 'torn' ? 'SIGUSR2' : 'SIGKILL'
      return killing(world, of === 'all' ? brokers : [one], random, signal)
    },
  }
}

import { duration, type Fault, oneOf, targetText } from './fault.ts'

const FULL_MS_MIN = 1_000
const FULL_MS_MAX = 15_000

/**
 * The disk of a broker is full to the last byte. A write that fails takes the broker's storage
 * offline for good, so the broker is started again when there is room.
 */
export const fullDisk: Fault = {
  name: 'full disk',
  weight: 2,
  plan({ cluster, disks, programs }, whole, random) {
    const target = oneOf(
      whole.filter(({ role, id }) => role === 'broker' && disks.canFill(programs.of(id))),
      random,
    )
    if (target === null) return null
    return {
      targets: [target],
      text: targetText(target),
      durationMs: duration(random, FULL_MS_MIN, FULL_MS_MAX),
      begin: () => disks.fill(target.id),
      async heal() {
        await disks.empty(target.id)
        await cluster.restart(target)
      },
    }
  },
}

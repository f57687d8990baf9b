import type { Role } from '@courant/standalone'
import { duration, type Fault, oneOf, targetText } from './fault.ts'

/** Of all lengths, also beyond the session of a broker. */
const PAUSE_MS_MIN = 100
const PAUSE_MS_MAX = 30_000

/** SIGSTOP and SIGCONT: the process knows nothing of the time between. */
export function pause(role: Role, weight: number): Fault {
  return {
    name: `pause ${role}`,
    weight,
    plan({ cluster }, whole, random) {
      const target = oneOf(
        whole.filter((found) => found.role === role),
        random,
      )
      if (target === null) return null
      return {
        targets: [target],
        text: targetText(target),
        durationMs: duration(random, PAUSE_MS_MIN, PAUSE_MS_MAX),
        begin: () => cluster.signal(target, 'SIGSTOP'),
        heal: () => cluster.signal(target, 'SIGCONT'),
      }
    },
  }
}

import { duration, type Fault, oneOf, targetText } from './fault.ts'

/** How long an administrator keeps a database down. */
const DATABASE_MS_MIN = 5_000
const DATABASE_MS_MAX = 60_000

/** PostgreSQL is stopped in order and started again. */
export const restartDatabase: Fault = {
  name: 'restart PostgreSQL',
  weight: 1,
  plan({ cluster }, whole, random) {
    const target = whole.find(({ role }) => role === 'postgres')
    if (target === undefined) return null
    return {
      targets: [target],
      text: targetText(target),
      durationMs: duration(random, DATABASE_MS_MIN, DATABASE_MS_MAX),
      begin: () => cluster.stop(target),
      heal: () => cluster.restart(target),
    }
  },
}

/** As in a maintenance of a few moments. */
const STOPPED_MS_MIN = 200
const STOPPED_MS_MAX = 15_000

/** A broker is stopped in order, which hands over what it leads, and is started again. */
export const stopBroker: Fault = {
  name: 'stop broker',
  weight: 1,
  plan({ cluster }, whole, random) {
    const target = oneOf(
      whole.filter(({ role }) => role === 'broker'),
      random,
    )
    if (target === null) return null
    return {
      targets: [target],
      text: targetText(target),
      durationMs: duration(random, STOPPED_MS_MIN, STOPPED_MS_MAX),
      begin: () => cluster.stop(target),
      heal: () => cluster.restart(target),
    }
  },
}

/** All processes of one role one after another, in order, as in an upgrade. */
export const rollingRestart: Fault = {
  name: 'rolling restart',
  weight: 1,
  plan({ cluster }, whole, random) {
    const role = oneOf(['broker', 'gateway', 'control-plane'] as const, random)
    const all = cluster.targets.filter((target) => target.role === role)
    const targets = whole.filter((target) => target.role === role)
    if (targets.length < all.length) return null
    return {
      targets,
      text: targets.map(targetText).join(', '),
      durationMs: 0,
      async begin() {
        for (const target of targets) await cluster.restart(target)
      },
      heal: () => Promise.resolve(),
    }
  },
}

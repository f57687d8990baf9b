import type { Fault } from './fault.ts'
import { fullDisk } from './full-disk.ts'
import { killBrokers, killOne } from './kill.ts'
import { partition, resetConnections, slowNetwork } from './partition.ts'
import { pause } from './pause.ts'
import { cutPower } from './power.ts'
import { restartDatabase, rollingRestart, stopBroker } from './restart.ts'

/** Those whose names have one of the texts in them; all of them where there is no text. */
export function faultsNamed(texts: readonly string[]): readonly Fault[] {
  if (texts.length === 0) return FAULTS
  return FAULTS.filter(({ name }) => texts.some((text) => name.includes(text)))
}

const FAULTS: readonly Fault[] = [
  killOne('broker', 4),
  killOne('gateway', 2),
  killOne('control-plane', 2),
  killOne('postgres', 1),
  killBrokers('majority', 1),
  killBrokers('all', 1),
  cutPower('one', 'clean', 3),
  cutPower('one', 'torn', 2),
  cutPower('all', 'clean', 1),
  cutPower('all', 'torn', 1),
  pause('broker', 3),
  pause('gateway', 1),
  pause('control-plane', 1),
  restartDatabase,
  rollingRestart,
  stopBroker,
  fullDisk,
  partition({
    name: 'broker cut off from everybody',
    weight: 2,
    of: 'broker',
    from: ['broker', 'gateway', 'control-plane'],
    direction: 'both',
  }),
  // Its gateways still reach it: it would go on alone if it could.
  partition({
    name: 'broker alone with the gateways',
    weight: 2,
    of: 'broker',
    from: ['broker', 'control-plane'],
    direction: 'both',
  }),
  partition({
    name: 'broker cut off from the brokers',
    weight: 2,
    of: 'broker',
    from: ['broker'],
    direction: 'both',
  }),
  partition({
    name: 'broker cut off from the brokers, one way',
    weight: 2,
    of: 'broker',
    from: ['broker'],
    direction: 'one',
  }),
  partition({
    name: 'broker cut off from the control planes',
    weight: 2,
    of: 'broker',
    from: ['control-plane'],
    direction: 'both',
  }),
  partition({
    name: 'broker cut off from the control planes, one way',
    weight: 1,
    of: 'broker',
    from: ['control-plane'],
    direction: 'one',
  }),
  partition({
    name: 'gateway cut off from the brokers',
    weight: 2,
    of: 'gateway',
    from: ['broker'],
    direction: 'both',
  }),
  partition({
    name: 'gateway cut off from the control planes',
    weight: 1,
    of: 'gateway',
    from: ['control-plane'],
    direction: 'both',
  }),
  partition({
    name: 'control plane cut off from PostgreSQL',
    weight: 2,
    of: 'control-plane',
    from: ['postgres'],
    direction: 'both',
  }),
  resetConnections,
  slowNetwork,
]

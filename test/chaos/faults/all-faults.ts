import type { Fault } from './fault.ts'
import { killBrokers, killOne } from './kill.ts'
import { pause } from './pause.ts'
import { restartDatabase, rollingRestart } from './restart.ts'

/** Every kind of fault that a run may choose. */
export const FAULTS: readonly Fault[] = [
  killOne('broker', 4),
  killOne('gateway', 2),
  killOne('control-plane', 2),
  killOne('postgres', 1),
  killBrokers('majority', 1),
  killBrokers('all', 1),
  pause('broker', 3),
  pause('gateway', 1),
  pause('control-plane', 1),
  restartDatabase,
  rollingRestart,
]

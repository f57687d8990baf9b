import { type Clock, type Network, type Random, systemClock, systemRandom } from '@courant/kernel'
import type { LogLevel } from './config/common-settings.ts'
import { Health } from './health.ts'
import { createLogger, type Logger } from './logger.ts'
import { Metrics } from './metrics.ts'
import { nodeNetwork } from './node-network.ts'

/** What a service is given instead of reaching for the machine itself. */
export interface ServicePorts {
  readonly clock: Clock
  readonly random: Random
  readonly network: Network
  readonly log: Logger
  readonly metrics: Metrics
  readonly health: Health
}

/** The ports of a real process, with metrics and health of its own. */
export function systemPorts(name: string, level: LogLevel): ServicePorts {
  return {
    clock: systemClock,
    random: systemRandom,
    network: nodeNetwork,
    log: createLogger({ name, level }),
    metrics: new Metrics(),
    health: new Health(),
  }
}

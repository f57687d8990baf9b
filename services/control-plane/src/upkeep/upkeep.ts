import { type Clock, wait } from '@courant/kernel'
import type { Logger } from '@courant/service-kit'
import type { Cluster } from '../cluster.ts'
import { continueDrains } from '../drains/continue-drains.ts'
import { preferLeaders } from '../elections/prefer-leaders.ts'
import type { GroupCoordinator } from '../groups/coordination/group-coordinator.ts'
import { expireGroups } from '../groups/expiry/expire-groups.ts'

export interface UpkeepOptions {
  readonly cluster: Cluster
  readonly coordinator: GroupCoordinator
  readonly intervalMs: number
  readonly clock: Clock
  readonly log: Logger
}

/**
 * Leaderships that go back in one pass. Each costs its producers a retry, so that those of a broker
 * which has come back are spread over some time rather than moved at one moment.
 */
const LEADERS_PER_PASS = 100

/**
 * What a cluster needs now and then, though nothing has happened: leaderships go back to preferred
 * leaders, brokers that are to be empty lose more replicas, and groups that nobody uses expire.
 * Every control plane does it; what one has done, another finds done.
 */
export class Upkeep {
  readonly #options: UpkeepOptions
  readonly #stopping = new AbortController()
  #running: Promise<void> = Promise.resolve()

  constructor(options: UpkeepOptions) {
    this.#options = options
  }

  start(): void {
    this.#running = this.#run()
  }

  async stop(): Promise<void> {
    this.#stopping.abort()
    await this.#running
  }

  async #run(): Promise<void> {
    const { clock, intervalMs, log } = this.#options
    const { signal } = this.#stopping
    while (!signal.aborted) {
      await wait(clock, intervalMs, signal)
      if (signal.aborted) return
      try {
        await this.#pass()
      } catch (error) {
        log.warn({ err: error }, 'the upkeep of the cluster failed; it is tried again')
      }
    }
  }

  async #pass(): Promise<void> {
    const { cluster, coordinator, log } = this.#options
    const leaders = await preferLeaders(cluster, { max: LEADERS_PER_PASS })
    if (leaders > 0) log.info({ leaders }, 'preferred leaders lead again')
    const moving = await continueDrains(cluster)
    if (moving > 0) log.info({ moving }, 'partitions move away from brokers that are drained')
    const expired = await expireGroups(cluster, coordinator)
    if (expired > 0) log.info({ expired }, 'consumer groups expired: they had long been empty')
  }
}

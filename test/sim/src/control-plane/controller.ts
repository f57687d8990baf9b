import {
  continueDrains,
  lookAtServer,
  ModelCluster,
  preferLeaders,
  runElections,
  SilenceWatch,
  sweepSessions,
  UnconfirmedTime,
  type Work,
} from '@courant/control-plane/model'
import { wait } from '@courant/kernel'
import type { SimProcess } from '../machine/sim-process.ts'
import type { SimDatabase } from './sim-database.ts'
import { SimFeed } from './sim-feed.ts'

/** As in the control plane. */
const LOOKS_PER_SESSION = 8
const LOOKS_PER_REPAIR = 16
const LEADERS_PER_PASS = 100
const RETRY_MS = 500

export interface ControllerParts {
  readonly process: SimProcess
  readonly database: SimDatabase
  readonly sessionTimeoutMs: number
}

/**
 * One control plane process: the model's operations at its own pace. It serves once it has read the
 * metadata.
 */
export class Controller {
  readonly process: SimProcess
  readonly cluster: ModelCluster
  readonly sessionTimeoutMs: number
  readonly #database: SimDatabase
  #feed: SimFeed | null = null

  constructor({ process, database, sessionTimeoutMs }: ControllerParts) {
    this.process = process
    this.#database = database
    this.sessionTimeoutMs = sessionTimeoutMs
    this.cluster = ModelCluster.of(database.state)
    void this.#begin()
  }

  /** Null: it has not read the metadata yet. */
  get feed(): SimFeed | null {
    return this.#feed
  }

  get versionOneSessionAgo(): number {
    return this.#feed?.versionBefore(this.sessionTimeoutMs) ?? 0
  }

  run<Result>(work: Work<Result>): Promise<Result> {
    return this.#database.run(this.process, work)
  }

  async #begin(): Promise<void> {
    const { process, cluster } = this
    while (this.#feed === null) {
      try {
        this.#feed = await SimFeed.open({ database: this.#database, process, cluster })
      } catch {
        await wait(process.clock, RETRY_MS)
      }
    }
    void this.#sweep()
    void this.#keepUp()
  }

  async #sweep(): Promise<void> {
    const { process, cluster, sessionTimeoutMs } = this
    const watch = new SilenceWatch(sessionTimeoutMs, sessionTimeoutMs / 2)
    const time = new UnconfirmedTime(sessionTimeoutMs, sessionTimeoutMs / 2)
    for (let look = 1; ; look += 1) {
      try {
        if (await this.run(lookAtServer(time, process.clock.monotonicMs()))) {
          await this.run(sweepSessions(cluster, watch, process.clock.monotonicMs()))
        } else watch.interrupt()
        if (look % LOOKS_PER_REPAIR === 0) await this.run(runElections(cluster))
      } catch {
        watch.interrupt()
        time.interrupt()
      }
      await wait(process.clock, sessionTimeoutMs / LOOKS_PER_SESSION)
    }
  }

  async #keepUp(): Promise<void> {
    const { process, cluster, sessionTimeoutMs } = this
    while (true) {
      await wait(process.clock, sessionTimeoutMs)
      try {
        await this.run(preferLeaders(cluster, { max: LEADERS_PER_PASS }))
        await this.run(continueDrains(cluster))
      } catch {
        // Tried again.
      }
    }
  }
}

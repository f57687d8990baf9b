import { type Clock, wait } from '@courant/kernel'
import type { Logger } from '@courant/service-kit'
import type { Cluster } from '../cluster.ts'
import { runElections } from '../elections/run-elections.ts'
import { ConfirmationWatch } from '../rollback/confirmation-watch.ts'
import { fenceBroker } from './fence-broker.ts'
import { readSessions } from './read-sessions.ts'
import { SilenceWatch } from './silence-watch.ts'

export interface SessionSweepOptions {
  readonly cluster: Cluster
  readonly sessionTimeoutMs: number
  readonly clock: Clock
  readonly log: Logger
}

/** Looks at the sessions in one session timeout. */
const LOOKS_PER_SESSION = 8
/**
 * Elections that another control plane may have left half done are looked for every so many looks.
 */
const LOOKS_PER_REPAIR = 16

/**
 * Fences brokers whose sessions have expired. Every control plane runs one: two that fence the same
 * broker meet at its row, and the second finds nothing to do.
 */
export class SessionSweep {
  readonly #options: SessionSweepOptions
  readonly #intervalMs: number
  readonly #watch: SilenceWatch
  readonly #confirmation: ConfirmationWatch
  readonly #stopping = new AbortController()
  #running: Promise<void> = Promise.resolve()

  constructor(options: SessionSweepOptions) {
    this.#options = options
    this.#intervalMs = options.sessionTimeoutMs / LOOKS_PER_SESSION
    this.#watch = new SilenceWatch(options.sessionTimeoutMs, options.sessionTimeoutMs / 2)
    this.#confirmation = new ConfirmationWatch(
      options.sessionTimeoutMs,
      options.sessionTimeoutMs / 2,
    )
  }

  start(): void {
    this.#running = this.#run()
  }

  async stop(): Promise<void> {
    this.#stopping.abort()
    await this.#running
  }

  async #run(): Promise<void> {
    const { clock, log } = this.#options
    const { signal } = this.#stopping
    for (let look = 1; !signal.aborted; look++) {
      try {
        await this.#look()
        if (look % LOOKS_PER_REPAIR === 0) await runElections(this.#options.cluster)
      } catch (error) {
        this.#watch.interrupt()
        this.#confirmation.interrupt()
        log.warn({ err: error }, 'the sessions of the brokers could not be checked')
      }
      await wait(clock, this.#intervalMs, signal)
    }
  }

  async #look(): Promise<void> {
    const { cluster, clock, log } = this.#options
    if (!(await this.#confirmation.look(cluster, clock.monotonicMs())))
      return this.#watch.interrupt()
    const held = this.#watch.holdsBack
    const silent = this.#watch.look(await readSessions(cluster), clock.monotonicMs())
    if (this.#watch.holdsBack && !held) {
      log.error('most brokers have fallen silent; they are given one more session')
    }
    for (const { brokerId, brokerEpoch } of silent) {
      if (await fenceBroker(cluster, brokerId, brokerEpoch)) {
        log.warn({ brokerId, brokerEpoch }, 'a broker was fenced: its session has expired')
      }
    }
  }
}

import {
  type ClusterState,
  commit,
  copyOf,
  restore,
  type Step,
  type Work,
} from '@courant/control-plane/model'
import { BusError, type SeededRandom } from '@courant/kernel'
import type { Scheduler } from '../machine/scheduler.ts'
import type { SimProcess } from '../machine/sim-process.ts'
import type { Links } from '../network/links.ts'

export const DATABASE_HOST = 'database'

/** A step that did not end with an answer, and what its control plane can know of that. */
class Ended extends Error {
  readonly committed: 'no' | 'unknown'

  constructor(committed: 'no' | 'unknown') {
    super(`the database went away; committed: ${committed}`)
    this.committed = committed
  }
}

export interface DatabaseKnobs {
  /** Of a transaction, with what is slow for now. */
  readonly serviceMs: number
  /** Share of commits whose answer is lost because the connection breaks. */
  readonly lostCommits: number
  /** Share of transactions that are rolled back because they met another. */
  readonly conflicts: number
}

/** As the control plane's pool has it: three attempts, with a pause between. */
const ATTEMPTS_MAX = 3
const PAUSE_MS = 50
const STATEMENT_MS_MAX = 5_000
/** A machine whose clock is right; simulated time begins there. */
const EPOCH_MS = 1_700_000_000_000
const ONLY_ROW = 'only row'

/**
 * PostgreSQL as control planes meet it: transactions one after the other on one state, behind a
 * network, slow or away for a while, and with answers to COMMIT that get lost.
 */
export class SimDatabase {
  readonly state: ClusterState
  readonly #scheduler: Scheduler
  readonly #links: Links
  readonly #random: SeededRandom
  readonly #knobs: DatabaseKnobs
  #isUp = true
  #extraMs = 0
  /** Raised when every connection breaks. */
  #life = 0
  /** As `pg_postmaster_start_time()`: the first one is that of the migrations. */
  #server = 0
  #clockAheadMs = 0
  #version = 0
  /** What is in the right database while an old backup stands in for it. */
  #right: ClusterState | null = null
  /** Called after every commit: what is in the tables now is decided. */
  onCommit: () => void = () => undefined
  /** Called when the metadata has a new version. */
  onVersion: () => void = () => undefined

  constructor(
    state: ClusterState,
    parts: { readonly links: Links; readonly random: SeededRandom; readonly knobs: DatabaseKnobs },
  ) {
    this.state = state
    this.#links = parts.links
    this.#scheduler = parts.links.scheduler
    this.#random = parts.random
    this.#knobs = parts.knobs
  }

  get nowMs(): number {
    return EPOCH_MS + this.#clockAheadMs + this.#scheduler.nowMs
  }

  stop(): void {
    this.#isUp = false
    this.#life += 1
  }

  start(): void {
    if (!this.#isUp) this.#restart()
    this.#isUp = true
  }

  /** What was decided, also while an old backup stands in for it. */
  get decided(): ClusterState {
    return this.#right ?? this.state
  }

  get isRolledBack(): boolean {
    return this.#right !== null
  }

  get metadataVersion(): number {
    return this.state.meta.get(ONLY_ROW)?.metadataVersion ?? 0
  }

  /** An operator has restored a backup that is too old; every connection breaks. */
  rollBack(backup: ClusterState): void {
    this.#right ??= copyOf(this.state)
    restore(this.state, backup)
    this.#restart()
  }

  /** The operator has noticed, and brings back what was there before. */
  rollForward(): void {
    if (this.#right === null) return
    restore(this.state, this.#right)
    this.#right = null
    this.#restart()
  }

  /** Another server process, and connections to it. */
  #restart(): void {
    this.#life += 1
    this.#server += 1
  }

  slowDown(extraMs: number): void {
    this.#extraMs = extraMs
  }

  jump(ms: number): void {
    this.#clockAheadMs += ms
  }

  heal(): void {
    this.start()
    this.#extraMs = 0
  }

  /** At once and without a fault: for whoever sets up or looks, not for a control plane. */
  atOnce<Result>(work: Work<Result>): Result {
    let next = work.next()
    while (next.done !== true) {
      const server = this.state.meta.get(ONLY_ROW)?.confirmedServer
      const result = commit(this.state, next.value, this.nowMs, server)
      this.#committed()
      next = work.next(result)
    }
    return next.value
  }

  /** The work of a control plane's process, step by step. Rejects with BusError. */
  async run<Result>(process: SimProcess, work: Work<Result>): Promise<Result> {
    let next = work.next()
    while (next.done !== true) {
      let result: unknown
      try {
        result = await this.#repeated(process, next.value)
      } catch (error) {
        next = work.throw(error)
        continue
      }
      next = work.next(result)
    }
    return next.value
  }

  async #repeated(process: SimProcess, step: Step): Promise<unknown> {
    for (let attempt = 1; ; attempt += 1) {
      try {
        return await this.#once(process, step)
      } catch (error) {
        if (!(error instanceof Ended)) throw error
        const mayRepeat = error.committed === 'no' || step.onLostCommit === 'repeat'
        if (attempt === ATTEMPTS_MAX || !mayRepeat) throw outcome(error)
        const pauseMs = PAUSE_MS * attempt * (0.5 + process.random.next())
        await new Promise<void>((resolve) => process.later(pauseMs, resolve))
      }
    }
  }

  #once(process: SimProcess, step: Step): Promise<unknown> {
    const { host } = process
    const life = this.#life
    return new Promise((resolve, reject) => {
      const answer = (settle: () => void): void => this.#answer(process, life, settle, reject)
      if (this.#links.isBlocked(host, DATABASE_HOST)) {
        process.later(STATEMENT_MS_MAX, () => reject(new Ended('no')))
        return
      }
      const serviceMs = this.#knobs.serviceMs * (0.5 + this.#random.next()) + this.#extraMs
      const delayMs = this.#links.delayMs(host, DATABASE_HOST) + serviceMs
      this.#scheduler.at(delayMs, null, () => {
        const isCut = !this.#isUp || life !== this.#life
        if (isCut || delayMs > STATEMENT_MS_MAX || this.#random.next() < this.#knobs.conflicts) {
          return process.later(0, () => reject(new Ended('no')))
        }
        const settle = this.#attempt(step, resolve, reject)
        if (this.#random.next() < this.#knobs.lostCommits) {
          return process.later(0, () => reject(new Ended('unknown')))
        }
        return answer(settle)
      })
    })
  }

  /** What to tell of a step: its result, or that it was refused and has changed nothing. */
  #attempt(
    step: Step,
    resolve: (result: unknown) => void,
    reject: (error: unknown) => void,
  ): () => void {
    let result: unknown
    try {
      result = commit(this.state, step, this.nowMs, this.#server)
    } catch (error) {
      return () => reject(error)
    }
    this.#committed()
    return () => resolve(result)
  }

  /** What has been committed is told, unless the way back is cut meanwhile. */
  #answer(
    process: SimProcess,
    life: number,
    settle: () => void,
    reject: (error: Error) => void,
  ): void {
    const { host } = process
    if (this.#links.isBlocked(DATABASE_HOST, host)) {
      process.later(STATEMENT_MS_MAX, () => reject(new Ended('unknown')))
      return
    }
    process.later(this.#links.delayMs(DATABASE_HOST, host), () => {
      if (life === this.#life) settle()
      else reject(new Ended('unknown'))
    })
  }

  #committed(): void {
    this.onCommit()
    const version = this.metadataVersion
    if (version !== this.#version) {
      this.#version = version
      this.onVersion()
    }
  }
}

function outcome({ committed }: Ended): BusError {
  return committed === 'unknown'
    ? new BusError('CONNECTION_LOST', 'The database went away while it committed.')
    : new BusError('CONTROL_PLANE_UNAVAILABLE', 'The database cannot be reached.')
}

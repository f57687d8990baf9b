import type { SeededRandom } from '@courant/kernel'
import { BusError, wait } from '@courant/kernel'
import type { Scheduler } from '../../src/machine/scheduler.ts'
import type { SimProcess } from '../../src/machine/sim-process.ts'
import type { GroupTables } from './group-tables.ts'

/** What a transaction has locked until its end. */
export interface Locks {
  /** Rows that it writes: another one that writes any of them waits. */
  readonly rows: readonly string[]
  /** Shards that it works on: nobody takes them over meanwhile. */
  readonly shards: readonly number[]
}

export const NO_LOCKS: Locks = { rows: [], shards: [] }

/** What is wrong with the database now. */
export interface DatabaseTrouble {
  isAway: boolean
  extraMs: number
  /** Of the transactions: so many lose the answer to their COMMIT. */
  lostCommits: number
  /** Of those that lose it: how much later they are committed, at most. */
  lateMs: number
}

const ATTEMPTS_MAX = 3
const PAUSE_MS = 50
const CALL_MS = 4
const CONNECT_MS = 30
/** `statement_timeout` of who waits for a lock. */
const LOCK_MS_MAX = 5_000

class Failed extends Error {
  readonly committed: 'no' | 'unknown'

  constructor(committed: 'no' | 'unknown') {
    super('the transaction failed')
    this.committed = committed
  }
}

/**
 * A PostgreSQL server and the way to it, as `Database` of the control plane uses it: transactions
 * are done again when that is harmless, and their outcome may be unknown. One takes effect as a
 * whole at one moment. If the connection breaks while it commits, it may do so much later: until
 * then it keeps its locks, and readers see what was there before.
 */
export class SimDatabase {
  readonly tables: GroupTables
  readonly trouble: DatabaseTrouble = { isAway: false, extraMs: 0, lostCommits: 0, lateMs: 0 }
  readonly #scheduler: Scheduler
  readonly #random: SeededRandom
  readonly #open = new Set<Locks>()
  #waiting: (() => void)[] = []
  #restarts = 0
  /** After each transaction. */
  onCommit: () => void = () => {}

  constructor(scheduler: Scheduler, random: SeededRandom, tables: GroupTables) {
    this.#scheduler = scheduler
    this.#random = random
    this.tables = tables
  }

  get nowMs(): number {
    return this.#scheduler.nowMs
  }

  /** Whether a transaction that works on the shard is still to be committed. */
  isShardLocked(shard: number): boolean {
    return [...this.#open].some(({ shards }) => shards.includes(shard))
  }

  /** Connections break; what was under way is committed or not, and nobody hears which. */
  restart(): void {
    this.#restarts += 1
  }

  async run<T>(process: SimProcess, locks: Locks, apply: () => T): Promise<T> {
    for (let attempt = 1; ; attempt += 1) {
      try {
        return await this.#once(process, locks, apply)
      } catch (error) {
        if (!(error instanceof Failed)) throw error
        if (attempt === ATTEMPTS_MAX) throw busErrorOf(error)
        await wait(process.clock, PAUSE_MS * attempt * (0.5 + process.random.next()))
      }
    }
  }

  async #once<T>(process: SimProcess, locks: Locks, apply: () => T): Promise<T> {
    if (this.trouble.isAway) {
      await this.#pass(process, CONNECT_MS)
      throw new Failed('no')
    }
    const restarts = this.#restarts
    // On its way nothing ends it, not even the death of who has sent it.
    await this.#pass(null, CALL_MS + this.trouble.extraMs)
    if (!(await this.#unlocked(locks)) || this.#restarts !== restarts) {
      await this.#pass(process, CALL_MS)
      throw new Failed('no')
    }
    const isLost = this.#random.next() < this.trouble.lostCommits
    if (isLost) {
      this.#commitLate(locks, apply)
      await this.#pass(process, CALL_MS)
      throw new Failed('unknown')
    }
    const result = this.#commit(apply)
    await this.#pass(process, CALL_MS + this.trouble.extraMs)
    if (this.#restarts !== restarts) throw new Failed('unknown')
    return result
  }

  #commit<T>(apply: () => T): T {
    const result = apply()
    this.onCommit()
    return result
  }

  #commitLate(locks: Locks, apply: () => unknown): void {
    if (this.trouble.lateMs === 0) {
      this.#commit(apply)
      return
    }
    this.#open.add(locks)
    this.#scheduler.at(this.#random.next() * this.trouble.lateMs, null, () => {
      this.#open.delete(locks)
      this.#commit(apply)
      for (const resume of this.#waiting.splice(0)) resume()
    })
  }

  /** False when it has waited for too long. */
  async #unlocked(locks: Locks): Promise<boolean> {
    const sinceMs = this.nowMs
    while ([...this.#open].some(({ rows }) => rows.some((row) => locks.rows.includes(row)))) {
      await new Promise<void>((resolve) => this.#waiting.push(resolve))
      if (this.nowMs - sinceMs > LOCK_MS_MAX) return false
    }
    return true
  }

  #pass(owner: SimProcess | null, meanMs: number): Promise<void> {
    const delayMs = this.#random.next() * 2 * meanMs
    return new Promise((resolve) => this.#scheduler.at(delayMs, owner, resolve))
  }
}

function busErrorOf({ committed }: Failed): BusError {
  return committed === 'unknown'
    ? new BusError('CONNECTION_LOST', 'The database went away while it committed.')
    : new BusError('CONTROL_PLANE_UNAVAILABLE', 'The database is away.')
}

/**
 * The one way to PostgreSQL. Every transaction takes on a role before its first statement, so that
 * row-level security stands behind every query (migrations/0001_initial.sql says which role sees
 * what), and ends in one of three ways: committed, certainly not committed, or unknown.
 */
import { assert, BusError, type Clock, isUuid, limits, type Random, wait } from '@courant/kernel'
import { drizzle, type NodePgDatabase } from 'drizzle-orm/node-postgres'
import pg from 'pg'
import { failureOf, rolledBack, unknownOutcome } from './database-error.ts'

/** Statements of one transaction. */
export type Transaction = NodePgDatabase

export interface TransactionOptions {
  /** Aborts when nobody waits for the answer any more: then nothing is committed. */
  readonly signal?: AbortSignal
  /**
   * What to do when the answer to COMMIT is lost. `repeat` for work that, done again, sees that it
   * is done already and answers the same; `report` (the default) tells the caller that the outcome
   * is unknown.
   */
  readonly onLostCommit?: 'repeat' | 'report'
}

export interface DatabaseOptions {
  readonly url: string
  readonly clock: Clock
  readonly random: Random
  /** Told of connections that broke while nobody used them. */
  readonly onIdleError: (error: Error) => void
}

const CONNECT_MS_MAX = 3_000
const ATTEMPTS_MAX = 3
const PAUSE_MS = 50

const PLATFORM = 'BEGIN; SET LOCAL ROLE courant_platform'
const SNAPSHOT = 'BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY; SET LOCAL ROLE courant_platform'

/** A failure with what is known of the transaction that it ended. */
class Ended extends Error {
  readonly committed: 'no' | 'unknown'

  constructor(committed: 'no' | 'unknown', cause: unknown) {
    super('the transaction failed', { cause })
    this.committed = committed
  }
}

export class Database {
  readonly #pool: pg.Pool
  readonly #options: DatabaseOptions

  constructor(options: DatabaseOptions) {
    this.#options = options
    this.#pool = new pg.Pool({
      connectionString: options.url,
      application_name: 'courant-control-plane',
      max: limits.databaseConnectionsMax,
      connectionTimeoutMillis: CONNECT_MS_MAX,
      statement_timeout: limits.statementMsMax,
      // A control plane that hangs must not keep its locks.
      idle_in_transaction_session_timeout: limits.statementMsMax,
      // A server that vanished without a FIN answers nothing at all.
      query_timeout: limits.statementMsMax + CONNECT_MS_MAX,
      keepAlive: true,
    })
    this.#pool.on('error', options.onIdleError)
    // The pool listens to idle connections only; one that breaks in use would end the process. Its
    // user hears of it from the statement that fails.
    this.#pool.on('connect', (client) => client.on('error', () => {}))
  }

  /** For metrics. */
  get connections(): { readonly open: number; readonly idle: number; readonly waiting: number } {
    const { totalCount, idleCount, waitingCount } = this.#pool
    return { open: totalCount, idle: idleCount, waiting: waitingCount }
  }

  /** Sees every tenant: for the feed, brokers, elections, and the management of tenants. */
  platform<T>(
    work: (transaction: Transaction) => Promise<T>,
    options: TransactionOptions = {},
  ): Promise<T> {
    return this.#repeat(PLATFORM, work, options)
  }

  /** Sees the rows of one tenant and no others, whatever the statement. */
  tenant<T>(
    tenantId: string,
    work: (transaction: Transaction) => Promise<T>,
    options: TransactionOptions = {},
  ): Promise<T> {
    assert(isUuid(tenantId), 'a tenant is named by its UUID')
    const begin = `BEGIN; SET LOCAL ROLE courant_tenant; SET LOCAL courant.tenant_id = '${tenantId}'`
    return this.#repeat(begin, work, options)
  }

  /** One state of everything, for reading. */
  snapshot<T>(work: (transaction: Transaction) => Promise<T>): Promise<T> {
    return this.#repeat(SNAPSHOT, work, { onLostCommit: 'repeat' })
  }

  async close(): Promise<void> {
    // The pool does not wait for its connections to be gone; how these end is nobody's concern now.
    this.#pool.removeAllListeners('error')
    this.#pool.on('error', () => {})
    await this.#pool.end()
  }

  /** Again after failures that left nothing behind, and that another attempt may be spared. */
  async #repeat<T>(
    begin: string,
    work: (transaction: Transaction) => Promise<T>,
    options: TransactionOptions,
  ): Promise<T> {
    for (let attempt = 1; ; attempt++) {
      try {
        return await this.#once(begin, work, options.signal)
      } catch (error) {
        if (!(error instanceof Ended)) throw error
        if (!canRepeat(error, attempt, options)) throw busErrorOf(error)
        const { clock, random } = this.#options
        await wait(clock, PAUSE_MS * attempt * (0.5 + random.next()), options.signal)
      }
    }
  }

  async #once<T>(
    begin: string,
    work: (transaction: Transaction) => Promise<T>,
    signal: AbortSignal | undefined,
  ): Promise<T> {
    if (this.#pool.waitingCount >= limits.databaseWaitingMax) {
      throw new BusError('CONTROL_PLANE_UNAVAILABLE', 'Too many requests wait for the database.')
    }
    const client = await this.#pool.connect().catch((cause: unknown) => {
      throw new Ended('no', cause)
    })
    let committed: Ended['committed'] = 'no'
    let broken: Error | undefined
    try {
      await client.query(begin)
      const result = await work(drizzle(client))
      if (signal?.aborted) throw new BusError('TIMED_OUT', 'The caller did not wait any longer.')
      committed = 'unknown'
      const { command } = await client.query('COMMIT')
      // PostgreSQL answers ROLLBACK to the COMMIT of a transaction in which a statement had failed.
      assert(command === 'COMMIT', 'a failed statement was not let through')
      return result
    } catch (cause) {
      const answered = cause instanceof BusError || failureOf(cause) !== 'away'
      broken = answered ? await rollBack(client) : (cause as Error)
      if (cause instanceof BusError) throw cause
      throw new Ended(answered ? 'no' : committed, cause)
    } finally {
      client.release(broken)
    }
  }
}

function canRepeat(ended: Ended, attempt: number, options: TransactionOptions): boolean {
  if (attempt >= ATTEMPTS_MAX || options.signal?.aborted === true) return false
  if (ended.committed === 'unknown') return options.onLostCommit === 'repeat'
  const failure = failureOf(ended.cause)
  return failure === 'conflict' || failure === 'away'
}

function busErrorOf(ended: Ended): BusError {
  return ended.committed === 'unknown' ? unknownOutcome(ended.cause) : rolledBack(ended.cause)
}

/** Returns an error when the connection can no longer be used. */
function rollBack(client: pg.PoolClient): Promise<Error | undefined> {
  return client.query('ROLLBACK').then(
    () => undefined,
    (error: Error) => error,
  )
}

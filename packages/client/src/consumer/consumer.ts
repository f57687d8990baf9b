import { wait } from '@courant/kernel/clock'
import { CourantError } from '../courant-error.ts'
import { deferred } from '../deferred.ts'
import type { Calls } from '../http/call.ts'
import type { Batch } from './batch.ts'
import type { ConsumerOptions, RunOptions, WorkContext } from './consumer-options.ts'
import { Member, type PollPosition } from './member.ts'
import { readAhead } from './read-ahead.ts'
import { withHeartbeats } from './with-heartbeats.ts'

const SESSION_MS = 45_000
/** Two heartbeats may be lost. */
const HEARTBEATS_PER_SESSION = 3
const PAUSE_MS = 1_000

/**
 * A member of a consumer group. What its handler has processed is committed with the next poll, so
 * every record is processed at least once: again after a crash, a lost lease, or a handler that
 * threw; `delivery` turns that round. Use one consumer for one `run` or one iteration.
 */
export class Consumer implements AsyncIterable<Batch> {
  readonly #calls: Calls
  readonly #member: Member
  readonly #heartbeatMs: number
  readonly #isAtMostOnce: boolean
  readonly #isReadingAhead: boolean
  readonly #stopping = new AbortController()
  readonly #ended = deferred<void>()
  #isUsed = false

  constructor(calls: Calls, options: ConsumerOptions) {
    this.#calls = calls
    this.#member = new Member(calls, options)
    this.#heartbeatMs = (options.sessionTimeoutMs ?? SESSION_MS) / HEARTBEATS_PER_SESSION
    this.#isAtMostOnce = options.delivery === 'at-most-once'
    this.#isReadingAhead = options.prefetch === true
  }

  get memberId(): string {
    return this.#member.memberId
  }

  /**
   * Polls until `stop` is called or the handler throws; then the member leaves the group, and `run`
   * resolves, or rejects with what the handler threw. Rejects with CourantError when another try
   * would be in vain: POLL_SUPERSEDED (another process uses this memberId), NO_COMMITTED_OFFSET,
   * credentials that are not valid.
   */
  async run(options: RunOptions): Promise<void> {
    const { signal, onRetry, onReset } = options
    const work = workOf(options)
    const stop = () => this.#stopping.abort(STOPPED)
    if (signal?.aborted) stop()
    signal?.addEventListener('abort', stop, { once: true })
    try {
      for await (const batch of this.#batches(onRetry)) {
        if (batch.resets.length > 0) onReset?.(batch.resets)
        await this.#process(batch, work)
      }
    } finally {
      signal?.removeEventListener('abort', stop)
    }
  }

  /**
   * Batches with records, each committed when the next one is asked for (at least once), and not
   * when the loop is left by `break` or an error. While the loop's body works, heartbeats keep the
   * lease.
   */
  async *[Symbol.asyncIterator](): AsyncGenerator<Batch, void, undefined> {
    for await (const batch of this.#batches(undefined)) {
      if (batch.records.length === 0) continue
      const worked = deferred<void>()
      const keeping = this.#process(batch, () => worked.promise)
      try {
        yield batch
      } finally {
        worked.resolve()
        await keeping
      }
    }
  }

  /** Resolves when what is in work is processed and committed, and the member has left. */
  async stop(): Promise<void> {
    this.#stopping.abort(STOPPED)
    if (this.#isUsed) await this.#ended.promise
  }

  async #process(batch: Batch, work: Work): Promise<void> {
    if (batch.records.length === 0) return
    const heartbeats = {
      clock: this.#calls.settings.clock,
      everyMs: this.#heartbeatMs,
      beat: (signal: AbortSignal) => this.#member.heartbeat(batch.leaseToken, signal),
    }
    await withHeartbeats(heartbeats, (signal) => work(batch, { signal }))
  }

  async *#batches(onRetry: RunOptions['onRetry']): AsyncGenerator<Batch, void, undefined> {
    if (this.#isUsed) throw new TypeError('A consumer runs once')
    this.#isUsed = true
    try {
      yield* this.#isReadingAhead ? this.#ahead(onRetry) : this.#oneByOne(onRetry)
    } catch (error) {
      if (error !== STOPPED) throw error
    } finally {
      await this.#member.leave().catch(ignoreFailure)
      this.#ended.resolve()
    }
  }

  async *#oneByOne(onRetry: RunOptions['onRetry']): AsyncGenerator<Batch, void, undefined> {
    const { signal } = this.#stopping
    let done: string | null = null
    try {
      while (!signal.aborted) {
        const batch = await this.#poll(done === null ? {} : { ack: done }, signal, onRetry)
        done = null
        if (batch === null || !(await this.#mayBegin(batch))) continue
        // Where the loop is left here, what was handed out is not committed.
        yield batch
        done = batch.leaseToken
      }
    } finally {
      if (done !== null) await this.#commitLast(done)
    }
  }

  #ahead(onRetry: RunOptions['onRetry']): AsyncGenerator<Batch, void, undefined> {
    return readAhead({
      poll: (position, signal) => this.#poll(position, signal, onRetry),
      mayBegin: (batch) => this.#mayBegin(batch),
      commit: (leaseToken) => this.#commitWorked(leaseToken, onRetry),
      commitLast: (leaseToken) => this.#commitLast(leaseToken),
      stopping: this.#stopping.signal,
    })
  }

  /**
   * Null: nothing came, and what had been handed out is no longer this member's. Throws the reason
   * of `signal`.
   */
  async #poll(
    position: PollPosition,
    signal: AbortSignal,
    onRetry: RunOptions['onRetry'],
  ): Promise<Batch | null> {
    for (;;) {
      try {
        return await this.#member.poll(position, signal)
      } catch (error) {
        if (!(error instanceof CourantError)) throw error
        if (error.code === 'LEASE_EXPIRED') return null
        if (!error.retriable) throw error
        onRetry?.(error)
        await wait(this.#calls.settings.clock, PAUSE_MS, signal)
        signal.throwIfAborted()
      }
    }
  }

  /** At most once: only what is committed is processed. False when it is ours no more. */
  async #mayBegin({ records, leaseToken }: Batch): Promise<boolean> {
    if (!this.#isAtMostOnce || records.length === 0) return true
    try {
      await this.#member.commit(leaseToken)
      return true
    } catch (error) {
      if (error instanceof CourantError && error.code === 'LEASE_EXPIRED') return false
      throw error
    }
  }

  /** While the next batch is in work. A failure that may pass is left to the next commit. */
  async #commitWorked(leaseToken: string, onRetry: RunOptions['onRetry']): Promise<void> {
    if (this.#isAtMostOnce) return
    try {
      await this.#member.commit(leaseToken)
    } catch (error) {
      if (!(error instanceof CourantError)) throw error
      if (error.code === 'LEASE_EXPIRED') return
      if (!error.retriable) throw error
      onRetry?.(error)
    }
  }

  /** A commit that fails means that records are processed again: the promise is at least once. */
  async #commitLast(done: string): Promise<void> {
    await this.#member.commit(done).catch(ignoreFailure)
  }
}

const STOPPED = new Error('The consumer was stopped')

type Work = (batch: Batch, context: WorkContext) => Promise<void>

function workOf(options: RunOptions): Work {
  if ('eachBatch' in options) return async (batch, context) => options.eachBatch(batch, context)
  return async ({ records }, context) => {
    for (const record of records) {
      context.signal.throwIfAborted()
      await options.eachRecord(record, context)
    }
  }
}

/** The session will end by itself. What is no CourantError is a mistake of the program. */
function ignoreFailure(error: unknown): void {
  if (!(error instanceof CourantError)) throw error
}

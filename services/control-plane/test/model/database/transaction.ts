/**
 * Work on the model in the shape of the control plane's: one transaction after the other, between
 * which anything may happen, also the end of the control plane.
 */
import type { ChangeRow, ClusterMetaRow, ClusterState } from './cluster-state.ts'
import { FIRST_SERVER, ONLY_ROW } from './cluster-state.ts'

/** What the statements of one transaction work on. */
export interface Transaction {
  readonly state: ClusterState
  /** By the database's clock: `clock_timestamp()`. */
  readonly nowMs: number
  /** Another one after each start of the server: `pg_postmaster_start_time()`. */
  readonly server: number
}

/** One transaction to come. */
export interface Step {
  readonly run: (transaction: Transaction) => unknown
  /**
   * What the control plane does when the answer to COMMIT is lost: takes the step again, or fails
   * with CONNECTION_LOST.
   */
  readonly onLostCommit: 'repeat' | 'report'
}

/**
 * Several transactions. Whoever drives it commits each step when its time has come, and gives its
 * result back; `throw`s what became of one that was not committed.
 */
export type Work<Result> = Generator<Step, Result, unknown>

export function* transaction<Result>(
  run: (transaction: Transaction) => Result,
  onLostCommit: Step['onLostCommit'] = 'report',
): Work<Result> {
  return (yield { run, onLostCommit }) as Result
}

/** All or nothing: what throws has changed nothing. */
export function commit(
  state: ClusterState,
  step: Step,
  nowMs: number,
  server = FIRST_SERVER,
): unknown {
  const tables = Object.values(state)
  try {
    const result = step.run({ state, nowMs, server })
    for (const table of tables) table.commit()
    return result
  } catch (error) {
    for (const table of tables) table.rollBack()
    throw error
  }
}

/** One transaction right after the other, all at one time. */
export function runAtOnce<Result>(state: ClusterState, work: Work<Result>, nowMs: number): Result {
  let next = work.next()
  while (next.done !== true) next = work.next(commit(state, next.value, nowMs))
  return next.value
}

export function metaOf({ state }: Transaction): ClusterMetaRow {
  const row = state.meta.get(ONLY_ROW)
  if (row === undefined) throw new Error('the database has its one row')
  return row
}

/** Whatever the transaction has read until now is in the feed up to this version. */
export function currentVersion(transaction: Transaction): number {
  return metaOf(transaction).metadataVersion
}

export function changeKey({ kind, key }: Pick<ChangeRow, 'kind' | 'key'>): string {
  return `${kind}/${key}`
}

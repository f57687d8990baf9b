import { BusError, type Offset } from '@courant/kernel'
import type { EnteredLog } from './entered-log.ts'
import { cutFiles } from './file-changes.ts'
import type { FileWork } from './file-work.ts'
import { findBoundary } from './partition-reads.ts'

/** Which cycle holds a truncation or deletion that is on its way to the disk. */
const NONE = Number.MAX_SAFE_INTEGER
const NOT_YET_ENTERED: number = NONE - 1

/**
 * What takes the end of a log away, or all of it: a truncation, a restart, the deletion. From its
 * beginning until memory shows it, nothing else changes the log and no checkpoint goes beyond it.
 */
export class LogRemovals {
  readonly #log: EnteredLog
  readonly #work: FileWork
  #changingCycle: number = NONE

  constructor(log: EnteredLog, work: FileWork) {
    this.#log = log
    this.#work = work
  }

  /** The newest cycle of which a checkpoint may show everything. */
  get cycleBefore(): number {
    return this.#changingCycle - 1
  }

  /** Throws BUSY while the log is being truncated, PARTITION_NOT_FOUND when it is deleted. */
  requireSteady(): void {
    this.#log.state.requireExisting()
    if (this.#changingCycle !== NONE) throw new BusError('BUSY', 'The log is being truncated.')
  }

  async truncateTo(offset: Offset): Promise<void> {
    const { state, context } = this.#log
    this.requireSteady()
    const { appendedEnd, epochs } = state
    if (offset > appendedEnd) return
    if (offset === appendedEnd && epochs.latestStart < appendedEnd) return
    if (offset < state.logStartOffset) throw state.outOfRange(offset)
    await this.#cut(
      'truncate',
      () => (offset === appendedEnd ? appendedEnd : findBoundary(this.#log, offset)),
      (end, cycle) => state.truncateTo(end, cycle, context.clock.now()),
    )
  }

  async restartAt(offset: Offset): Promise<void> {
    this.requireSteady()
    await this.#cut(
      'restart',
      () => offset,
      (end, cycle) => this.#log.state.restartAt(end, cycle),
    )
  }

  /** Enters the deletion; the files go with the next checkpoint. */
  async delete(): Promise<void> {
    const { state, context, incarnation } = this.#log
    state.requireExisting()
    const cycle = context.ring.enter({ type: 'delete', incarnation })
    state.status = 'deleting'
    // A truncation that is on its way, too, is not yet to be seen by a checkpoint.
    this.#changingCycle = Math.min(this.#changingCycle, cycle.number)
    this.#log.join(cycle)
    await cycle.durable
    state.delete()
  }

  /** Takes records away at an end that may have to be looked for in a file. */
  async #cut(
    type: 'truncate' | 'restart',
    findEnd: () => Offset | Promise<Offset>,
    apply: (end: Offset, cycle: number) => void,
  ): Promise<void> {
    const { state, context, incarnation } = this.#log
    // Nothing else may be entered before the boundary is known: it may have to be read from a file.
    this.#changingCycle = NOT_YET_ENTERED
    let isApplied = false
    try {
      const end = await findEnd()
      state.requireExisting()
      const cycle = context.ring.enter({ type, incarnation, offset: end })
      this.#changingCycle = cycle.number
      this.#log.join(cycle)
      await cycle.durable
      await this.#work.exclusively(() => {
        state.requireExisting()
        apply(end, cycle.number)
        // In this turn: the next checkpoint must see the log after the truncation, or before it.
        this.#changingCycle = NONE
        isApplied = true
        return cutFiles(this.#log)
      })
    } finally {
      // A deletion that came meanwhile keeps its own.
      if (!isApplied && state.status === 'open') this.#changingCycle = NONE
    }
  }
}

import { assert } from '@courant/kernel'
import type { PartitionCheckpoint } from '../checkpoint/checkpoint-record.ts'
import type { DiskPartitionLog } from '../partition/disk-partition-log.ts'
import { emptyCheckpoint } from '../partition/log-state.ts'
import { RingCorruptError, understood } from '../ring/ring-corrupt-error.ts'
import { type ChangeEntry, decodeEntries, type RingEntry } from '../ring/ring-entry.ts'
import type { RecoveredCycle } from '../ring/ring-reader.ts'

export interface ReplayParts {
  readonly logs: Map<number, DiskPartitionLog>
  /** From which cycle on the ring is needed for a partition. */
  readonly dirty: Map<DiskPartitionLog, number>
  /** Makes the log of a partition that the ring creates. */
  readonly open: (state: PartitionCheckpoint) => DiskPartitionLog
}

/**
 * Applies the entries of the ring, in order, to what the checkpoints say. A partition's checkpoint
 * holds exactly the entries up to its applied cycle, so those are skipped and the rest is applied.
 */
export class Replay {
  readonly #parts: ReplayParts
  readonly #appliedCycles: Map<number, number>
  /** Partitions that no checkpoint knows: legal only if their deletion is still to come. */
  readonly #unknown = new Set<number>()
  readonly #deleted = new Set<number>()
  incarnationMax = 0

  constructor(parts: ReplayParts, states: readonly PartitionCheckpoint[]) {
    this.#parts = parts
    this.#appliedCycles = new Map(states.map((state) => [state.incarnation, state.appliedCycle]))
  }

  apply({ cycle, payload, entryCount }: RecoveredCycle): void {
    understood(`cycle ${cycle}`, () => {
      let count = 0
      for (const entry of decodeEntries(payload)) {
        this.#applyEntry(entry, cycle)
        count += 1
      }
      assert(count === entryCount, 'the header counts the entries')
    })
  }

  /** Whether the ring holds entries of something that has been deleted. */
  get hasDeleted(): boolean {
    return this.#deleted.size > 0
  }

  finish(): void {
    if (this.#unknown.size === 0) return
    throw new RingCorruptError(
      'The write-ahead ring holds records of partitions that the checkpoint log does not know.',
    )
  }

  #applyEntry(entry: RingEntry, cycle: number): void {
    const { incarnation } = entry
    this.incarnationMax = Math.max(this.incarnationMax, incarnation)
    if (cycle <= (this.#appliedCycles.get(incarnation) ?? 0)) return
    if (entry.type === 'create') this.#create(entry, cycle)
    if (entry.type === 'delete') this.#unknown.delete(incarnation)
    const log = this.#parts.logs.get(incarnation)
    if (log === undefined) {
      if (entry.type !== 'delete' && !this.#deleted.has(incarnation)) {
        this.#unknown.add(incarnation)
      }
      return
    }
    if (!this.#parts.dirty.has(log)) this.#parts.dirty.set(log, cycle)
    if (entry.type === 'append') this.#append(log, entry.batches, cycle)
    else this.#change(log, entry, cycle)
  }

  #create(entry: ChangeEntry & { readonly type: 'create' }, cycle: number): void {
    const { logs, open } = this.#parts
    if (logs.has(entry.incarnation)) return
    logs.set(entry.incarnation, open(emptyCheckpoint(entry, cycle - 1)))
  }

  #append(log: DiskPartitionLog, batches: Buffer, cycle: number): void {
    const base = batches.readUInt32BE(0) * 0x1_0000_0000 + batches.readUInt32BE(4)
    if (base !== log.appendedEnd) {
      throw new RingCorruptError(
        `Cycle ${cycle} of the write-ahead ring goes on at offset ${base} where a log ends at ` +
          `${log.appendedEnd}.`,
      )
    }
    log.state.replayAppend(batches, cycle, log.context.clock.now())
  }

  #change({ state, context }: DiskPartitionLog, entry: ChangeEntry, cycle: number): void {
    switch (entry.type) {
      case 'truncate':
        state.truncateTo(entry.offset, cycle, context.clock.now())
        break
      case 'restart':
        state.restartAt(entry.offset, cycle)
        break
      case 'logStart':
        state.trimTo(entry.offset)
        state.noteDurableLogStart(entry.offset)
        break
      case 'epochStart':
        state.epochs.begin(entry.epoch, entry.offset)
        break
      case 'delete':
        this.#deleted.add(entry.incarnation)
        state.delete()
        break
      case 'create':
        break
    }
  }
}

/** How batches get into a log: as a leader that gives them their places, or as a replica. */
import { assert, type Offset } from '@courant/kernel'
import { RecordBatch, recordBatches } from '@courant/record-batch'
import type { AppendRequest, AppendResult } from '../partition-log.ts'
import type { RingCycle } from '../ring/ring-cycle.ts'
import type { BatchRun } from './batch-run.ts'
import type { EnteredLog } from './entered-log.ts'
import { requireContinuation, requireWholeBatches, stamp } from './incoming-batches.ts'

/** Appends as the leader. The log is steady. */
export function append(
  log: EnteredLog,
  { batches, leaderEpoch, logAppendTimeMs, nowMs }: AppendRequest,
): AppendResult {
  const { state, context } = log
  state.requireEpoch(leaderEpoch)
  const hasProducer = requireWholeBatches(batches)
  if (hasProducer) {
    const batch = new RecordBatch(batches)
    assert(batch.size === batches.length, 'the batch of a producer is appended alone')
    const duplicate = findDuplicate(log, batch)
    if (duplicate !== null) return duplicate
  }
  const { run, cycle } = copyToRing(log, batches)
  stamp(run, leaderEpoch, logAppendTimeMs)
  state.epochs.begin(leaderEpoch, run.baseOffset)
  if (hasProducer) state.noteProducers(run, nowMs ?? context.clock.now())
  return add(log, run, cycle, logAppendTimeMs ?? NO_TIME)
}

/**
 * Appends what another replica has. Producers are noted and never judged: what a leader has taken,
 * a follower that refuses it could only be stuck with (reliability B11.4).
 */
export function replicate(log: EnteredLog, batches: Buffer): AppendResult {
  const { state, context } = log
  const hasProducer = requireWholeBatches(batches)
  requireContinuation(batches, state.appendedEnd, state.epochs.latest)
  const { run, cycle } = copyToRing(log, batches)
  for (const batch of recordBatches(run.memory, run.start, run.end)) {
    state.epochs.begin(batch.partitionLeaderEpoch, batch.baseOffset)
    run.nextOffset = batch.nextOffset
    run.maxTimestamp = Math.max(run.maxTimestamp, batch.maxTimestamp)
  }
  if (hasProducer) state.noteProducers(run, context.clock.now())
  return add(log, run, cycle, NO_TIME)
}

const NO_TIME = -1
const ALREADY_DURABLE = Promise.resolve()

/** The run has its base offset and no end yet: that is in the batches. */
function copyToRing(
  { state, context, incarnation }: EnteredLog,
  batches: Buffer,
): { readonly run: BatchRun; readonly cycle: RingCycle } {
  const { ring, admit } = context
  admit(batches.length)
  const cycle = ring.cycleFor(batches.length)
  const start = ring.append(cycle, incarnation, batches)
  const baseOffset = state.appendedEnd
  const run: BatchRun = {
    memory: ring.slab.memory,
    slab: ring.slab,
    start,
    end: start + batches.length,
    baseOffset,
    nextOffset: baseOffset,
    maxTimestamp: -1,
    cycle: cycle.number,
  }
  return { run, cycle }
}

function add(
  log: EnteredLog,
  run: BatchRun,
  cycle: RingCycle,
  logAppendTimeMs: number,
): AppendResult {
  const { baseOffset } = run
  const lastOffset = (run.nextOffset - 1) as Offset
  log.state.addRun(run)
  log.join(cycle)
  return { outcome: 'appended', baseOffset, lastOffset, logAppendTimeMs, durable: cycle.durable }
}

/** The result of the append of which this one is a copy, or null when it is none. */
function findDuplicate({ state, context }: EnteredLog, batch: RecordBatch): AppendResult | null {
  const baseOffset = state.producers?.judge(batch, context.clock) ?? null
  if (baseOffset === null) return null
  // Its original may be lost with what else the disk has not taken.
  context.ring.requireSound()
  const lastOffset = (baseOffset + batch.lastOffsetDelta) as Offset
  const found = state.tail?.find(baseOffset) ?? null
  const isDurable = found === null || lastOffset < state.durableEnd
  return {
    outcome: 'duplicate',
    baseOffset,
    lastOffset,
    logAppendTimeMs: found?.batch.timestampType === 'append' ? found.batch.maxTimestamp : NO_TIME,
    durable: isDurable ? ALREADY_DURABLE : context.ring.durabilityOf(found.run.cycle),
  }
}

import type { Offset, TopicConfig } from '@courant/kernel'
import type { Acks } from './acks.ts'
import type { Leadership } from './leadership.ts'
import type { PartitionHost } from './partition-host.ts'
import type { WaitingAppend } from './pending-produces.ts'
import { producedBatch } from './produced-batch.ts'

/** An append that hears of its place in the log before it is acknowledged. */
export interface ProducedAppend extends WaitingAppend {
  appended(baseOffset: Offset, appendTimeMs: number, logStartOffset: Offset): void
}

/** A produce of one batch to a partition that leads. */
export interface Produced {
  readonly records: Buffer | null
  readonly acks: Acks
  readonly append: ProducedAppend
}

/**
 * Appends the batch of a produce, and acknowledges it now or later. One that an idempotent producer
 * sends again is not appended: it is told the place of its original, as soon as that may be
 * acknowledged. Throws what is wrong with the batch, or why it cannot be taken now.
 */
export function appendProduced(
  { clock, traffic }: PartitionHost,
  leadership: Leadership,
  config: TopicConfig,
  { records, acks, append }: Produced,
): 'appended' | 'duplicate' {
  if (acks === -1) leadership.requireReplicas()
  const now = clock.now()
  const batch = producedBatch(records, config, now)
  const { log, epoch } = leadership
  const request = { batches: batch.buffer, leaderEpoch: epoch, nowMs: now }
  const isStamped = config.timestampType === 'append'
  const result = log.append(isStamped ? { ...request, logAppendTimeMs: now } : request)
  const { outcome, baseOffset, lastOffset, logAppendTimeMs } = result
  append.appended(baseOffset, logAppendTimeMs, log.logStartOffset)
  const end = (lastOffset + 1) as Offset
  if (outcome === 'duplicate') {
    traffic.duplicateBatches += 1
    leadership.acknowledgeAgain(acks, config, end, append)
    return outcome
  }
  traffic.producedBatches += 1
  const { recordCount } = batch
  traffic.producedRecords += recordCount
  traffic.producedBytes += batch.size
  leadership.keys.appended(batch, recordCount, now)
  leadership.acknowledge(acks, config, end, append)
  return outcome
}

import { BusError, limits, type TopicConfig } from '@courant/kernel'
import { BATCH_HEADER_BYTES, RecordBatch } from '@courant/record-batch'

/**
 * The one batch that a produce carries for one partition, checked: whole, sound by its CRC, within
 * the topic's limit, and nothing in it that only a broker or a coordinator may write. A leader
 * epoch that a client wrote means nothing: the log stamps its own over it.
 *
 * The records stay bytes here. Kafka's brokers walk over them (LogValidator) and set the largest
 * timestamp anew; ours are spoken to by gateways alone, which build batches from records that they
 * have parsed, or check those of foreign clients with `verifyProduced` (architecture D2). To do it
 * once more would cost the broker a pass over every byte of every record. Should a gateway be
 * wrong, readers of that batch are told so, and searches by time lead to it (`firstRecordSince`).
 */
export function producedBatch(
  records: Buffer | null,
  config: TopicConfig,
  now: number,
): RecordBatch {
  if (records === null || records.length < BATCH_HEADER_BYTES) {
    throw new BusError('CORRUPT_MESSAGE', 'A produce carries one record batch for each partition.')
  }
  const batch = new RecordBatch(records)
  if (batch.size !== records.length) {
    throw new BusError('CORRUPT_MESSAGE', 'A produce carries exactly one batch for each partition.')
  }
  if (batch.size > config.maxMessageBytes) {
    throw new BusError(
      'RECORD_TOO_LARGE',
      `The record batch has ${batch.size} bytes; the topic accepts ${config.maxMessageBytes}.`,
    )
  }
  batch.verify()
  refuseForgeries(batch)
  refuseTimestamps(batch, now)
  return batch
}

/** Kafka's rules for batches of clients (LogValidator, UnifiedLog.analyzeAndValidateRecords). */
function refuseForgeries(batch: RecordBatch): void {
  if (batch.isControl) throw new BusError('INVALID_RECORD', 'Clients do not write control batches.')
  if (batch.isTransactional) {
    throw new BusError('NOT_IMPLEMENTED', 'Transactional producers are not served yet.')
  }
  if (batch.producerId >= 0 && (batch.producerEpoch < 0 || batch.baseSequence < 0)) {
    throw new BusError('INVALID_RECORD', 'A batch of a producer has an epoch and a sequence.')
  }
  if (batch.baseOffset !== 0) {
    throw new BusError('INVALID_RECORD', 'The base offset of a batch is the log’s to give.')
  }
  if (batch.recordCount === 0 || batch.lastOffsetDelta !== batch.recordCount - 1) {
    throw new BusError('INVALID_RECORD', 'The record count does not match the last offset delta.')
  }
}

function refuseTimestamps(batch: RecordBatch, now: number): void {
  if (batch.timestampType === 'append') {
    throw new BusError('INVALID_TIMESTAMP', 'Only the broker stamps the append time.')
  }
  if (batch.baseTimestamp > batch.maxTimestamp) {
    throw new BusError('INVALID_TIMESTAMP', 'The batch begins later than its largest timestamp.')
  }
  if (batch.maxTimestamp > now + limits.timestampAheadMsMax) {
    throw new BusError(
      'INVALID_TIMESTAMP',
      `The batch is dated more than ${limits.timestampAheadMsMax} ms ahead of the clock.`,
    )
  }
}

import {
  BATCH_HEADER_BYTES,
  type ProducerStamp,
  RecordBatchBuilder,
  recordSource,
} from '@courant/record-batch'

/** A record batch as a client sends it. */
export function batchOf(recordCount: number, valueBytes: number, producer?: ProducerStamp): Buffer {
  const builder = new RecordBatchBuilder(recordCount * (valueBytes + 16) + BATCH_HEADER_BYTES)
  for (let index = 0; index < recordCount; index++) {
    const value = Buffer.alloc(valueBytes, 97 + (index % 26))
    builder.append(recordSource({ timestamp: Date.now(), value }))
  }
  return builder.seal('none', producer)
}

/** A batch of one record that is exactly so large, header included. */
export function batchOfSize(bytes: number): Buffer {
  // The record's own fields take a few bytes, and their lengths vary with what is left.
  for (let valueBytes = bytes - BATCH_HEADER_BYTES; valueBytes >= 0; valueBytes--) {
    const batch = batchOf(1, valueBytes)
    if (batch.length === bytes) return batch
    if (batch.length < bytes) break
  }
  throw new Error(`no batch of one record has ${bytes} bytes`)
}

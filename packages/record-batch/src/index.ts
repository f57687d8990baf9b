export {
  type Compression,
  compress,
  decompress,
  type SupportedCompression,
} from './compression.ts'
export { crc32c } from './crc32c.ts'
export { BATCH_HEADER_BYTES, BATCH_PREFIX_BYTES } from './layout.ts'
export { murmur2, partitionOfKey } from './partitioner.ts'
export type { Record, RecordHeader } from './record.ts'
export { RecordBatch } from './record-batch.ts'
export { type BatchMemory, type ProducerStamp, RecordBatchBuilder } from './record-batch-builder.ts'
export {
  batchSizeAt,
  hasProducerAt,
  maxTimestampAt,
  recordBatches,
  stampBatchAt,
} from './record-batches.ts'
export { RecordCursor } from './record-cursor.ts'
export {
  emptyRecordSource,
  encodeHeaders,
  type RecordInput,
  type RecordSource,
  recordSource,
} from './record-source.ts'
export { VarintReader, varintSize, writeVarint } from './varint.ts'
export { verifyProduced } from './verify-produced.ts'

export {
  type Compression,
  compress,
  compressionOf,
  decompress,
  type SupportedCompression,
} from './compression.ts'
export { crc32c } from './crc32c.ts'
export { readInt64, writeInt64 } from './int64.ts'
export { BATCH_HEADER_BYTES, BATCH_PREFIX_BYTES } from './layout.ts'
export { RecordBatch } from './record-batch.ts'
export { batchSizeAt, recordBatches } from './record-batches.ts'

/**
 * Compression of the records of a batch. gzip and zstd are built into Node; snappy and lz4 are
 * recognised and refused until the Kafka listener brings them.
 */
import { gunzipSync, gzipSync, zstdCompressSync, zstdDecompressSync } from 'node:zlib'
import { BusError, limits } from '@courant/kernel'

/** Numbers of the codecs in the attributes, in the order of their position here. */
const codecs = ['none', 'gzip', 'snappy', 'lz4', 'zstd'] as const

export type Compression = (typeof codecs)[number] | 'unknown'
/** What we can make and read. */
export type SupportedCompression = 'none' | 'gzip' | 'zstd'

export function compressionOf(number: number): Compression {
  return codecs[number] ?? 'unknown'
}

export function compressionNumber(compression: SupportedCompression): number {
  return codecs.indexOf(compression)
}

export function compress(compression: 'gzip' | 'zstd', records: Buffer): Buffer {
  return compression === 'gzip' ? gzipSync(records) : zstdCompressSync(records)
}

/**
 * The records of a compressed batch. The cap is enforced while decompressing, so a bomb costs at
 * most `bytesMax`. Throws CORRUPT_MESSAGE for bytes that do not decompress.
 */
export function decompress(
  compression: Compression,
  compressed: Buffer,
  bytesMax: number = limits.decompressedBytesMax,
): Buffer {
  if (compression === 'none') return compressed
  if (compression !== 'gzip' && compression !== 'zstd') {
    throw new BusError(
      'CORRUPT_MESSAGE',
      `Records compressed with ${compression} cannot be read; use gzip, zstd or none.`,
    )
  }
  const options = { maxOutputLength: bytesMax }
  try {
    return compression === 'gzip'
      ? gunzipSync(compressed, options)
      : zstdDecompressSync(compressed, options)
  } catch (error) {
    const isTooLarge = error instanceof RangeError
    throw new BusError(
      'CORRUPT_MESSAGE',
      isTooLarge
        ? `The records decompress to more than ${bytesMax} bytes.`
        : `The records are not valid ${compression}.`,
      { cause: error },
    )
  }
}

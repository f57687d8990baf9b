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
 * most `bytesMax`. Several gzip members or zstd frames, one behind the other, are one stream (RFC
 * 1952, 2.2; RFC 8878, 3.1): Kafka's clients write one and read all. Throws CORRUPT_MESSAGE for
 * bytes that do not decompress, and for any behind the last frame: no client makes them, and what
 * readers would do with them differs.
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
  const { buffer, engine } = inflated(compression, compressed, bytesMax)
  const isWhole = engine.bytesWritten === compressed.length
  if (isWhole && !(compression === 'zstd' && endsInMagic(compressed, bytesMax))) return buffer
  throw new BusError('CORRUPT_MESSAGE', `There are bytes behind the end of the ${compression}.`)
}

/** What zlib returns with `info`. */
interface Inflated {
  readonly buffer: Buffer
  /** `bytesWritten`: how many of the compressed bytes it took. */
  readonly engine: { readonly bytesWritten: number }
}

function inflated(compression: 'gzip' | 'zstd', compressed: Buffer, bytesMax: number): Inflated {
  const options = { maxOutputLength: bytesMax, info: true }
  try {
    const result: object =
      compression === 'gzip'
        ? gunzipSync(compressed, options)
        : zstdDecompressSync(compressed, options)
    return result as Inflated
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

/** Begins of the magic number of a zstd frame. */
const MAGIC_BEGINS = [[0x28], [0x28, 0xb5], [0x28, 0xb5, 0x2f]].map((bytes) => Buffer.from(bytes))

/**
 * Whether the frames end before the last bytes, which begin another magic number: those alone the
 * decoder takes and waits for more, as it does not after a frame that happens to end so. One more
 * byte, which no magic number has there, makes it refuse them.
 */
function endsInMagic(compressed: Buffer, bytesMax: number): boolean {
  const tail = compressed.subarray(-3)
  if (!MAGIC_BEGINS.some((begin) => tail.subarray(-begin.length).equals(begin))) return false
  const prolonged = Buffer.concat([compressed, Buffer.of(0)])
  return inflated('zstd', prolonged, bytesMax).engine.bytesWritten < compressed.length
}

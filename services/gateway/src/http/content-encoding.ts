/**
 * Bodies under a Content-Encoding. Several gzip members or zstd frames, one behind the other, are
 * one body (RFC 1952, 2.2; RFC 8878, 3.1). Bytes behind the last of them are refused, for whole
 * bodies and for streams alike: decoders differ in what they make of such bytes, most drop them,
 * and what a caller sent and we dropped it would believe stored.
 */
import type { IncomingMessage } from 'node:http'
import { PassThrough, type Readable, Transform, type TransformCallback } from 'node:stream'
import { promisify } from 'node:util'
import { createGunzip, createZstdDecompress, gunzip, zstdDecompress } from 'node:zlib'
import { BusError } from '@courant/kernel'

type Encoding = 'gzip' | 'zstd'
const decoders = { gzip: promisify(gunzip), zstd: promisify(zstdDecompress) }

/**
 * Put behind every encoded body, because no member or frame begins with it: a decoder that has
 * found the end leaves exactly this byte. One that takes it, or leaves more, had no end there.
 */
const END = Buffer.of(0)

/** Null for a body that is sent as it is. Throws UNSUPPORTED_MEDIA_TYPE. */
export function contentEncodingOf({ headers }: IncomingMessage): Encoding | null {
  const name = headers['content-encoding']?.trim().toLowerCase() ?? ''
  if (name === 'identity' || name === '') return null
  if (name === 'gzip' || name === 'zstd') return name
  throw new BusError('UNSUPPORTED_MEDIA_TYPE', 'Content-Encoding is gzip, zstd or identity.')
}

/** A whole body. Throws a RangeError once it becomes larger than that. */
export async function decodeBody(
  sent: Buffer,
  encoding: Encoding,
  bytesMax: number,
): Promise<Buffer> {
  const options = { maxOutputLength: bytesMax, info: true }
  const result: object = await decoders[encoding](Buffer.concat([sent, END]), options).catch(
    (error: Error) => {
      throw error instanceof RangeError ? error : notEncoded(error)
    },
  )
  const { buffer, engine } = result as Decoded
  if (engine.bytesWritten !== sent.length) throw notEncoded()
  return buffer
}

/** What zlib returns with `info`. */
interface Decoded {
  readonly buffer: Buffer
  /** `bytesWritten`: how many of the encoded bytes it took. */
  readonly engine: { readonly bytesWritten: number }
}

/**
 * A body as it arrives. It is decoded as it is read: what has not been asked for does not exist
 * yet, so a bomb finds no room.
 */
export function decodingBody(request: Readable, encoding: Encoding): Readable {
  const sent = new EncodedBytes()
  const decoder = encoding === 'gzip' ? createGunzip() : createZstdDecompress()
  const body = new PassThrough()
  request.on('error', (error) => sent.destroy(error))
  sent.on('error', (error) => decoder.destroy(error))
  decoder.on('error', (error) => body.destroy(request.errored === null ? notEncoded(error) : error))
  decoder.on('end', () => {
    if (decoder.bytesWritten === sent.count) body.end()
    else body.destroy(notEncoded())
  })
  body.on('close', () => decoder.destroy())
  request.pipe(sent).pipe(decoder).pipe(body, { end: false })
  return body
}

/** Bytes that may be the begin of a magic number. */
const TAIL_BYTES = 3

/**
 * Counts what it passes on, and puts the end behind it, in one piece with the last bytes: given
 * alone, the begin of a magic number is taken even where nothing follows.
 */
class EncodedBytes extends Transform {
  count = 0
  #tail = Buffer.alloc(0)

  override _transform(chunk: Buffer, _encoding: BufferEncoding, done: TransformCallback): void {
    this.count += chunk.length
    const bytes = Buffer.concat([this.#tail, chunk])
    const passed = Math.max(0, bytes.length - TAIL_BYTES)
    this.#tail = bytes.subarray(passed)
    done(null, bytes.subarray(0, passed))
  }

  override _flush(done: TransformCallback): void {
    done(null, Buffer.concat([this.#tail, END]))
  }
}

function notEncoded(cause?: Error): BusError {
  const options = cause === undefined ? {} : { cause }
  return new BusError('INVALID_ARGUMENT', 'The body is not what Content-Encoding says.', options)
}

import type { IncomingMessage } from 'node:http'
import { promisify } from 'node:util'
import { gunzip, zstdDecompress } from 'node:zlib'
import { BusError, limits } from '@courant/kernel'
import type { BufferPool } from '../fetch/buffer-pool.ts'
import type { BodyDeadlines } from './body-deadlines.ts'
import { BodyPieces } from './body-pieces.ts'

const decoders = { gzip: promisify(gunzip), zstd: promisify(zstdDecompress) }

/** What the reading of bodies shares. */
export interface BodyReading {
  readonly deadlines: BodyDeadlines
  /** Where a body that comes in pieces is put together; the caller gives it back. */
  readonly buffers?: BufferPool
}

/**
 * Reads a whole body: at most `bytesMax` on the wire and again after decompression, and all of it
 * within `limits.bodyMsMax`, so that neither a large, a compressed nor a slow body holds us up.
 */
export function readBody(
  request: IncomingMessage,
  bytesMax: number,
  reading: BodyReading,
): Promise<Buffer> {
  const encoding = request.headers['content-encoding']
  if (encoding !== undefined) return readEncoded(request, bytesMax, reading, encoding)
  return collect(request, bytesMax, reading)
}

async function readEncoded(
  request: IncomingMessage,
  bytesMax: number,
  { deadlines }: BodyReading,
  encoding: string,
): Promise<Buffer> {
  const decode = decoderOf(encoding)
  const sent = await collect(request, bytesMax, { deadlines })
  return decode === null ? sent : inflate(sent, decode, bytesMax)
}

type Decoder = (typeof decoders)['gzip' | 'zstd']

function decoderOf(encoding: string): Decoder | null {
  const name = encoding.trim().toLowerCase()
  if (name === 'identity' || name === '') return null
  if (name === 'gzip' || name === 'zstd') return decoders[name]
  throw new BusError('UNSUPPORTED_MEDIA_TYPE', 'Content-Encoding is gzip, zstd or identity.')
}

/** What `Content-Length` says, -1 where it says nothing. */
function lengthOf({ headers }: IncomingMessage): number {
  return Number(headers['content-length'] ?? -1)
}

function collect(
  request: IncomingMessage,
  bytesMax: number,
  { deadlines, buffers }: BodyReading,
): Promise<Buffer> {
  const length = lengthOf(request)
  if (length > bytesMax) return Promise.reject(tooLarge(bytesMax))
  return new Promise((resolve, reject) => {
    const pieces = new BodyPieces(length, buffers)
    const onData = (chunk: Buffer): void => {
      if (pieces.bytes + chunk.length > bytesMax) fail(tooLarge(bytesMax))
      else pieces.add(chunk)
    }
    const onEnd = (): void => {
      finish()
      resolve(pieces.joined())
    }
    const onGone = (): void => fail(new BusError('REQUEST_TIMEOUT', 'The body ended early.'))
    const onLate = (): void => fail(tooSlow())
    function finish(): void {
      deadlines.delete(onLate)
      request.off('data', onData).off('end', onEnd).off('close', onGone)
    }
    function fail(error: BusError): void {
      finish()
      request.resume()
      reject(error)
    }
    deadlines.add(onLate)
    request.on('data', onData).on('end', onEnd).on('close', onGone)
  })
}

async function inflate(sent: Buffer, decode: Decoder, bytesMax: number): Promise<Buffer> {
  try {
    return await decode(sent, { maxOutputLength: bytesMax })
  } catch (error) {
    if (error instanceof RangeError) throw tooLarge(bytesMax)
    throw new BusError('INVALID_ARGUMENT', 'The body is not what Content-Encoding says.', {
      cause: error,
    })
  }
}

function tooLarge(bytesMax: number): BusError {
  return new BusError('PAYLOAD_TOO_LARGE', `The body of this route has at most ${bytesMax} bytes.`)
}

function tooSlow(): BusError {
  const detail = `The body has to arrive within ${limits.bodyMsMax / 1000} s.`
  return new BusError('REQUEST_TIMEOUT', detail)
}

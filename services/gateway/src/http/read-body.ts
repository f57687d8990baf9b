import type { IncomingMessage } from 'node:http'
import { BusError, limits } from '@courant/kernel'
import type { BufferPool } from '../fetch/buffer-pool.ts'
import type { BodyDeadlines } from './body-deadlines.ts'
import { BodyPieces } from './body-pieces.ts'
import { contentEncodingOf, decodeBody } from './content-encoding.ts'

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
  const { headers } = request
  if (headers['content-encoding'] !== undefined) return readEncoded(request, bytesMax, reading)
  return collect(request, bytesMax, reading)
}

async function readEncoded(
  request: IncomingMessage,
  bytesMax: number,
  { deadlines }: BodyReading,
): Promise<Buffer> {
  const encoding = contentEncodingOf(request)
  const sent = await collect(request, bytesMax, { deadlines })
  if (encoding === null) return sent
  try {
    return await decodeBody(sent, encoding, bytesMax)
  } catch (error) {
    throw error instanceof RangeError ? tooLarge(bytesMax) : error
  }
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

function tooLarge(bytesMax: number): BusError {
  return new BusError('PAYLOAD_TOO_LARGE', `The body of this route has at most ${bytesMax} bytes.`)
}

function tooSlow(): BusError {
  const detail = `The body has to arrive within ${limits.bodyMsMax / 1000} s.`
  return new BusError('REQUEST_TIMEOUT', detail)
}

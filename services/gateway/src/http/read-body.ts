import type { IncomingMessage } from 'node:http'
import { promisify } from 'node:util'
import { gunzip, zstdDecompress } from 'node:zlib'
import { BusError, type Clock, limits } from '@courant/kernel'

const decoders = { gzip: promisify(gunzip), zstd: promisify(zstdDecompress) }

/**
 * Reads a whole body: at most `bytesMax` on the wire and again after decompression, and all of it
 * within `limits.bodyMsMax`, so that neither a large, a compressed nor a slow body holds us up.
 */
export async function readBody(
  request: IncomingMessage,
  bytesMax: number,
  clock: Clock,
): Promise<Buffer> {
  const decode = decoderOf(request.headers['content-encoding'])
  if (Number(request.headers['content-length'] ?? 0) > bytesMax) throw tooLarge(bytesMax)
  const sent = await collect(request, bytesMax, clock)
  return decode === null ? sent : inflate(sent, decode, bytesMax)
}

type Decoder = (typeof decoders)['gzip' | 'zstd']

function decoderOf(encoding: string | undefined): Decoder | null {
  const name = encoding?.trim().toLowerCase() ?? 'identity'
  if (name === 'identity' || name === '') return null
  if (name === 'gzip' || name === 'zstd') return decoders[name]
  throw new BusError('UNSUPPORTED_MEDIA_TYPE', 'Content-Encoding is gzip, zstd or identity.')
}

/** Chunks in a list, joined once. */
function collect(request: IncomingMessage, bytesMax: number, clock: Clock): Promise<Buffer> {
  return new Promise((resolve, reject) => {
    const chunks: Buffer[] = []
    let bytes = 0
    const timer = clock.setTimer(limits.bodyMsMax, () => fail(tooSlow()))
    const onData = (chunk: Buffer): void => {
      bytes += chunk.length
      if (bytes > bytesMax) fail(tooLarge(bytesMax))
      else chunks.push(chunk)
    }
    const onEnd = (): void => {
      finish()
      resolve(chunks.length === 1 ? (chunks[0] ?? Buffer.alloc(0)) : Buffer.concat(chunks, bytes))
    }
    const onGone = (): void => fail(new BusError('REQUEST_TIMEOUT', 'The body ended early.'))
    function finish(): void {
      timer.cancel()
      request.off('data', onData).off('end', onEnd).off('close', onGone)
    }
    function fail(error: BusError): void {
      finish()
      request.resume()
      reject(error)
    }
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

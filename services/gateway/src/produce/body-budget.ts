import type { IncomingHttpHeaders } from 'node:http'
import { assert, BusError, limits } from '@courant/kernel'

/**
 * Bytes of bodies that are being read or parsed. A body is counted at its full length before its
 * first byte is read, so that many callers who send slowly cannot take the memory of all. One that
 * does not tell its length, or will grow by decompression, counts as the largest that may come.
 */
export class BodyBudget {
  #bytes = 0

  get bytes(): number {
    return this.#bytes
  }

  /** Takes room for a whole body; give it back with `give`. Throws BUSY when there is none. */
  takeFor(headers: IncomingHttpHeaders): number {
    return this.take(sizeOf(headers))
  }

  /** The same for so many bytes. */
  take(size: number): number {
    if (this.#bytes + size > limits.bodiesBytesMax) {
      throw new BusError('BUSY', 'Too many large bodies are being read; nothing was taken.', {
        retryAfterMs: limits.retryAfterMs,
      })
    }
    this.#bytes += size
    return size
  }

  give(size: number): void {
    this.#bytes -= size
    assert(this.#bytes >= 0, 'no more is given back than was taken')
  }
}

function sizeOf(headers: IncomingHttpHeaders): number {
  const length = headers['content-length']
  if (length === undefined || headers['content-encoding'] !== undefined) return limits.bodyBytesMax
  return Math.min(Number(length), limits.bodyBytesMax)
}

import { once } from 'node:events'
import type { ClientRequest } from 'node:http'
import { systemClock, wait } from '@courant/kernel'
import type { Connection } from '../client/connection.ts'
import { linesOf, openRequest, responseOf } from '../client/http-stream.ts'
import { networkFailure } from '../client/network-failure.ts'

/** A line of the answer. */
export interface ResultLine {
  readonly index?: number
  readonly partition?: number
  readonly offset?: number | null
  readonly problem?: { readonly code: string; readonly detail: string; readonly applied: string }
  /** Only in the last line. */
  readonly done?: true
}

/** A server that answers only behind the body, or a proxy, gets it after this. */
const HEAD_WAIT_MS = 1_000

/**
 * One streaming produce: records go out while results come back. Writes wait while the server takes
 * no more, and results while we do not, so neither side holds more than a few buffers.
 */
export class ProduceStream {
  readonly #connection: Connection
  readonly #request: ClientRequest
  readonly #over = new AbortController()

  constructor(connection: Connection, topic: string, query: URLSearchParams) {
    this.#connection = connection
    this.#request = openRequest(connection, {
      method: 'POST',
      path: `/v1/topics/${encodeURIComponent(topic)}/records?${query}`,
      headers: { 'content-type': 'application/x-ndjson' },
    })
    this.#request.flushHeaders()
    this.#request.once('close', () => this.#over.abort())
    // Told by whoever waits for the answer; a write that fails behind its end is no news.
    this.#request.on('error', () => this.#over.abort())
  }

  /** Aborts when the server takes no more, because it has answered or is gone. */
  get over(): AbortSignal {
    return this.#over.signal
  }

  /**
   * Resolves when the head of the answer is here, which a gateway sends before it reads. To a
   * refusal no body must be sent: the server closes, and the reset takes the reason with it.
   */
  async answering(): Promise<void> {
    const here = new AbortController()
    this.#request.once('response', ({ statusCode }) => {
      if (statusCode !== 200) this.#over.abort()
      here.abort()
    })
    await wait(systemClock, HEAD_WAIT_MS, AbortSignal.any([here.signal, this.over]))
  }

  /** Lines with their line ends. Resolves when there is room for more, or the stream is over. */
  async write(lines: string): Promise<void> {
    if (this.over.aborted || this.#request.write(lines)) return
    await once(this.#request, 'drain', { signal: this.over }).catch(() => {})
  }

  end(): void {
    this.#request.end()
  }

  /** The lines of the answer as they come. Throws a Failure where it is missing or breaks off. */
  async *results(): AsyncGenerator<ResultLine[]> {
    try {
      const response = await responseOf(this.#request, this.#connection, 'write')
      for await (const lines of linesOf(response)) {
        yield lines.map((line) => JSON.parse(line) as ResultLine)
      }
    } catch (error) {
      throw networkFailure(error, this.#connection.url, 'write')
    } finally {
      this.#over.abort()
    }
  }
}

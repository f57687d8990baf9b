import { Agent } from 'node:http'
import type { Connection } from '../client/connection.ts'
import { linesOf, openRequest, responseOf } from '../client/http-stream.ts'
import { networkFailure } from '../client/network-failure.ts'
import { failureOf, isProblem } from '../client/problem.ts'
import type { RecordLine } from './record-line.ts'

export interface ReadBounds {
  readonly format: 'json' | 'text'
  readonly maxRecords?: number
  readonly maxBytes?: number
  /** The stream ends when nothing has come for so long; absent: never. */
  readonly waitMs?: number
}

/** Partitions that are read at one time. */
const SOCKETS_MAX = 16

/** Streams of records from partitions of one topic. */
export class RecordPages {
  readonly #connection: Connection
  readonly #topic: string
  readonly #signal: AbortSignal
  readonly #agent = new Agent({ keepAlive: true, maxSockets: SOCKETS_MAX })

  constructor(connection: Connection, topic: string, signal: AbortSignal) {
    this.#connection = connection
    this.#topic = topic
    this.#signal = signal
  }

  /** One page: what is there from the offset on, within the bounds. */
  async page(partition: number, offset: number, bounds: ReadBounds): Promise<RecordLine[]> {
    const records: RecordLine[] = []
    const reading = this.#read(partition, offset, { ...bounds, waitMs: 0 }, this.#agent)
    for await (const lines of reading) records.push(...lines)
    return records
  }

  /** The partition from the offset on, for as long as the connection holds. */
  stream(partition: number, offset: number, bounds: ReadBounds): AsyncGenerator<RecordLine[]> {
    return this.#read(partition, offset, bounds, undefined)
  }

  close(): void {
    this.#agent.destroy()
  }

  async *#read(
    partition: number,
    offset: number,
    bounds: ReadBounds,
    agent: Agent | undefined,
  ): AsyncGenerator<RecordLine[]> {
    const query = new URLSearchParams({ offset: String(offset) })
    for (const [name, value] of Object.entries(bounds)) query.set(name, String(value))
    const name = encodeURIComponent(this.#topic)
    const usesAgent = agent !== undefined && !this.#connection.url.startsWith('https:')
    const request = openRequest(this.#connection, {
      method: 'GET',
      path: `/v1/topics/${name}/partitions/${partition}/records?${query}`,
      signal: this.#signal,
      ...(usesAgent ? { agent } : {}),
    })
    request.end()
    try {
      const response = await responseOf(request, this.#connection, 'read')
      for await (const lines of linesOf(response)) {
        const records = lines.filter((line) => line !== '').map((line) => recordOf(partition, line))
        if (records.length > 0) yield records
      }
    } catch (error) {
      throw networkFailure(error, this.#connection.url, 'read')
    } finally {
      request.destroy()
    }
  }
}

const HEAD = /^\{"offset":(\d+),"timestamp":(-?\d+),/

/** Offset and timestamp are found without a parse where they come first, as our server has them. */
function recordOf(partition: number, text: string): RecordLine {
  const head = HEAD.exec(text)
  if (head !== null) {
    return { partition, offset: Number(head[1]), timestamp: Number(head[2]), text }
  }
  const { problem, offset, timestamp } = JSON.parse(text) as Partial<Record<string, unknown>>
  if (isProblem(problem)) throw failureOf(problem, 'read')
  return { partition, offset: Number(offset), timestamp: Number(timestamp), text }
}

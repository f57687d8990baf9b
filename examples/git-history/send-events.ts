import type { AcknowledgementWriter } from './acknowledgements.ts'
import { problemOf, type Server } from './courant.ts'
import type { GitEvent } from './git-events.ts'
import { lines } from './lines.ts'

export interface Sent {
  readonly acknowledged: number
  /** Of the lines that were sent. */
  readonly bytes: number
  /** Why the stream ended early, or null. */
  readonly cutShort: string | null
}

/** A line of the answer. The last has `done` and nothing of a record. */
interface Result {
  readonly index?: number
  readonly partition?: number
  readonly offset?: number
  readonly problem?: { readonly code: string; readonly detail: string }
  readonly done?: boolean
}

/**
 * Sends the events as one endless request, a record a line, while its answer comes back, a result a
 * line. Both sides are held by backpressure, so it takes the same memory for a thousand records and
 * for a billion.
 */
export async function sendEvents(
  server: Server,
  topic: string,
  events: AsyncIterable<GitEvent>,
  acknowledgements: AcknowledgementWriter,
): Promise<Sent> {
  const tally = { acknowledged: 0, bytes: 0 }
  const cutShort = (why: string): Sent => ({ ...tally, cutShort: why })
  try {
    const response = await fetch(`${server.url}/v1/topics/${topic}/records`, {
      method: 'POST',
      headers: { ...server.headers, 'content-type': 'application/x-ndjson' },
      body: ReadableStream.from(recordLines(events, tally)),
      duplex: 'half',
    })
    if (!response.ok || response.body === null) return cutShort((await problemOf(response)).message)
    for await (const batch of lines(response.body)) {
      const results = batch.map((line) => JSON.parse(line) as Result)
      const written = results.filter(({ offset }) => typeof offset === 'number')
      acknowledgements.write(written)
      tally.acknowledged += written.length
      const failed = results.find(({ problem }) => problem !== undefined)
      if (failed?.problem !== undefined) return cutShort(failed.problem.detail)
      if (results.at(-1)?.done) return { ...tally, cutShort: null }
    }
    return cutShort('the answer ended without its last line')
  } catch (error) {
    const cause = error instanceof Error && error.cause instanceof Error ? error.cause : error
    return cutShort(String(cause))
  }
}

const CHUNK_CHARACTERS = 64 * 1024

/** The key is the path: all changes of a file are in one partition, in the order they were made. */
async function* recordLines(
  events: AsyncIterable<GitEvent>,
  tally: { bytes: number },
): AsyncGenerator<Uint8Array> {
  const encoder = new TextEncoder()
  let text = ''
  for await (const event of events) {
    text += `${JSON.stringify({ key: event.path, value: event })}\n`
    if (text.length < CHUNK_CHARACTERS) continue
    const chunk = encoder.encode(text)
    tally.bytes += chunk.length
    text = ''
    yield chunk
  }
  const chunk = encoder.encode(text)
  tally.bytes += chunk.length
  yield chunk
}

import type { Outcome, Place } from '../history/history.ts'

/** Where a client finds the gateways, as it would be configured. */
export interface Gateways {
  readonly urls: readonly string[]
  readonly apiKey: string
}

export interface RecordToSend {
  readonly key: string
  readonly value: number
}

/** What the answer says of one record. */
export interface Result {
  readonly outcome: Outcome
  readonly place: Place | null
}

interface Answer {
  readonly results: readonly AnsweredRecord[]
}

interface AnsweredRecord {
  readonly index?: number
  readonly partition?: number
  readonly offset?: number | null
  readonly problem?: Problem
}

interface Problem {
  readonly applied?: 'no' | 'unknown'
}

/** A client gives up waiting after this: what it asked for may still happen. */
const REQUEST_MS_MAX = 20_000
const NOT_APPLIED: Result = { outcome: 'failed', place: null }
const UNKNOWN: Result = { outcome: 'unknown', place: null }

/** How a produce is spoken: one JSON document, or lines whose results come one by one. */
export type Format = 'json' | 'ndjson'

/** One produce; it never throws, and has a result for each record. */
export async function produce(
  url: string,
  apiKey: string,
  topic: string,
  records: readonly RecordToSend[],
  format: Format,
): Promise<readonly Result[]> {
  const lines = records.map((record) => JSON.stringify(record))
  const body = format === 'json' ? `{"records":[${lines}]}` : `${lines.join('\n')}\n`
  const type = format === 'json' ? 'application/json' : 'application/x-ndjson'
  const results: Result[] = records.map(() => UNKNOWN)
  try {
    const answer = await fetch(`${url}/v1/topics/${topic}/records`, {
      method: 'POST',
      headers: { authorization: `Bearer ${apiKey}`, 'content-type': type },
      body,
      signal: AbortSignal.timeout(REQUEST_MS_MAX),
    })
    if (answer.status !== 200 && answer.status !== 207) {
      const problem = (await answer.json()) as Problem
      return records.map(() => (problem.applied === 'no' ? NOT_APPLIED : UNKNOWN))
    }
    if (format === 'json') {
      const { results: answered } = (await answer.json()) as Answer
      answered.forEach((result, index) => {
        results[index] = resultOf(topic, result)
      })
    } else await takeLines(answer, (result) => take(results, topic, result))
    return results
  } catch (error) {
    return isRefused(error) ? records.map(() => NOT_APPLIED) : results
  }
}

function take(results: Result[], topic: string, result: AnsweredRecord): void {
  if (result.index !== undefined) results[result.index] = resultOf(topic, result)
}

function resultOf(topic: string, { partition, offset, problem }: AnsweredRecord): Result {
  if (partition !== undefined && typeof offset === 'number') {
    return { outcome: 'acked', place: { log: `${topic}/${partition}`, offset } }
  }
  return problem?.applied === 'no' ? NOT_APPLIED : UNKNOWN
}

/** Line by line: those that arrived before a connection broke count. */
async function takeLines(
  answer: Response,
  onLine: (result: AnsweredRecord) => void,
): Promise<void> {
  const decoder = new TextDecoder()
  let rest = ''
  for await (const chunk of answer.body ?? []) {
    const lines = (rest + decoder.decode(chunk, { stream: true })).split('\n')
    rest = lines.pop() ?? ''
    for (const line of lines) if (line !== '') onLine(JSON.parse(line))
  }
}

/** No connection was made, so nothing was sent. */
function isRefused(error: unknown): boolean {
  const cause = error instanceof Error ? error.cause : undefined
  return cause instanceof Error && 'code' in cause && cause.code === 'ECONNREFUSED'
}

export interface Page {
  readonly records: readonly { readonly offset: number; readonly value: number }[]
  readonly nextOffset: number
  readonly highWatermark: number
}

/** Records of one log from `offset` on. Throws when they cannot be had now. */
export async function readPage(
  url: string,
  apiKey: string,
  log: string,
  offset: number,
): Promise<Page> {
  const [topic, partition] = log.split('/')
  const path = `/v1/topics/${topic}/partitions/${partition}/records`
  const answer = await fetch(`${url}${path}?offset=${offset}&maxRecords=5000`, {
    headers: { authorization: `Bearer ${apiKey}` },
    signal: AbortSignal.timeout(REQUEST_MS_MAX),
  })
  if (!answer.ok) throw new Error(`${log} at ${offset}: ${answer.status} ${await answer.text()}`)
  return (await answer.json()) as Page
}

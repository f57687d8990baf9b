import { wait } from '@courant/kernel/clock'
import { CourantError } from '../courant-error.ts'
import type { Calls } from '../http/call.ts'
import { failureOfNetwork, isProblem, isSafeToRepeat } from '../http/failure.ts'
import type { Result } from './topic-queue.ts'
import type { WrittenRecord } from './written-record.ts'

export interface ProduceSettings {
  readonly acks: 'all' | 'leader' | 'none'
  readonly timeoutMs: number
}

const PAUSE_MS_FIRST = 50
const PAUSE_MS_MAX = 5_000

/**
 * Sends records and, of those that failed, again the ones for which that is free of duplicates, in
 * their order: a partition takes a prefix of a request, so the order inside it stays. Never throws.
 */
export async function sendRecords(
  calls: Calls,
  topic: string,
  records: readonly string[],
  settings: ProduceSettings,
): Promise<readonly Result[]> {
  const { clock, retryMs } = calls.settings
  const endsAt = clock.monotonicMs() + retryMs
  const results: Result[] = await tryOnce(calls, topic, records, settings)
  for (let pauseMs = PAUSE_MS_FIRST; ; pauseMs = Math.min(pauseMs * 2, PAUSE_MS_MAX)) {
    const again = [...results.keys()].filter((index) => mayRepeat(results[index]))
    if (again.length === 0 || clock.monotonicMs() + pauseMs > endsAt) return results
    await wait(clock, pauseMs)
    const part = again.map((index) => records[index] ?? '')
    const newer = await tryOnce(calls, topic, part, settings)
    for (const [at, index] of again.entries()) {
      const result = newer[at]
      if (result !== undefined) results[index] = result
    }
  }
}

async function tryOnce(
  calls: Calls,
  topic: string,
  records: readonly string[],
  { acks, timeoutMs }: ProduceSettings,
): Promise<Result[]> {
  const name = `produce ${topic}`
  const attributes = {
    'messaging.system': 'courant',
    'messaging.operation.type': 'send',
    'messaging.destination.name': topic,
    'messaging.batch.message_count': records.length,
  }
  try {
    const answer = await calls.call({ name, effect: 'once', attributes }, (api, { headers }) =>
      api.POST('/v1/topics/{topic}/records', {
        params: { path: { topic }, query: { acks, timeoutMs } },
        headers: { ...headers, 'content-type': 'application/json' },
        body: { records: [] },
        // The records are printed already.
        bodySerializer: () => `{"records":[${records.join(',')}]}`,
      }),
    )
    return resultsOf(answer, records.length)
  } catch (thrown) {
    const error = thrown instanceof CourantError ? thrown : failureOfNetwork(thrown)
    return records.map(() => error)
  }
}

function resultsOf(answer: unknown, count: number): Result[] {
  const { results } = answer as { readonly results?: readonly WireResult[] }
  if (results?.length !== count) {
    const detail = 'The answer has not one result a record: is this the URL of Courant?'
    throw new CourantError({ code: 'INTERNAL', detail, retriable: false, applied: 'unknown' })
  }
  return results.map(resultOf)
}

interface WireResult {
  readonly partition?: number
  readonly offset?: number | null
  readonly timestamp?: number
  readonly problem?: unknown
}

function resultOf({ partition, offset, timestamp, problem }: WireResult): Result {
  if (isProblem(problem)) return CourantError.of(problem)
  return {
    partition: partition ?? -1,
    offset: offset ?? null,
    timestamp: timestamp ?? null,
  } satisfies WrittenRecord
}

function mayRepeat(result: Result | undefined): boolean {
  return result instanceof CourantError && isSafeToRepeat(result, 'once')
}

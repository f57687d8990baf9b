import { CourantError } from '../courant-error.ts'
import type { Calls } from '../http/call.ts'
import { failureOfNetwork, isProblem, isSafeToRepeat } from '../http/failure.ts'
import type { Result } from './topic-queue.ts'
import type { WrittenRecord } from './written-record.ts'

export interface ProduceSettings {
  readonly acks: 'all' | 'leader' | 'none'
  readonly timeoutMs: number
}

/**
 * Sends records and, of those that failed, again the ones for which that is free of duplicates, in
 * their order: a partition takes a prefix of a request, so the order inside it stays. Never throws.
 */
export async function sendRecords(
  calls: Calls,
  topic: string,
  records: readonly string[],
  { acks, timeoutMs }: ProduceSettings,
): Promise<readonly Result[]> {
  const results: Result[] = []
  let pending = [...records.keys()]
  const attributes = {
    'messaging.system': 'courant',
    'messaging.operation.type': 'send',
    'messaging.destination.name': topic,
    'messaging.batch.message_count': records.length,
  }
  const options = { name: `produce ${topic}`, effect: 'once', attributes } as const
  try {
    await calls.call(options, async (api, { headers }) => {
      const body = `{"records":[${pending.map((index) => records[index]).join(',')}]}`
      const answer = await api.POST('/v1/topics/{topic}/records', {
        params: { path: { topic }, query: { acks, timeoutMs } },
        headers: { ...headers, 'content-type': 'application/json' },
        body: { records: [] },
        // The records are printed already.
        bodySerializer: () => body,
      })
      if (!answer.response.ok) return answer
      for (const [at, result] of resultsOf(answer.data, pending.length).entries()) {
        const index = pending[at]
        if (index !== undefined) results[index] = result
      }
      pending = pending.filter((index) => mayRepeat(results[index]))
      const failed = results[pending[0] ?? -1]
      // Another try is for whoever repeats calls to decide.
      if (failed instanceof CourantError) throw failed
      return answer
    })
  } catch (thrown) {
    const error = failureOfNetwork(thrown)
    // A record that was refused by itself keeps its own reason.
    if (!results.includes(error)) for (const index of pending) results[index] = error
  }
  return results
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

import type { Problem } from '@courant/api'
import type { Failure } from '../failure.ts'
import type { Session } from '../session.ts'
import { failureOf } from './problem.ts'

type Which = { readonly from: 'earliest' | 'latest' } | { readonly timestamp: number }

/** Null where no record is as young as the timestamp; a failure where nobody can tell now. */
export type FoundOffset = number | null | Failure

/** The offset of each partition, by index. */
export async function listOffsets(
  session: Session,
  topic: string,
  query: Which,
): Promise<FoundOffset[]> {
  const { offsets } = await session.call('read', (api) =>
    api.GET('/v1/topics/{topic}/offsets', { params: { path: { topic }, query } }),
  )
  return offsets.map(({ offset, problem }) =>
    problem === undefined ? (offset ?? null) : failureOf(problem as Problem, 'read'),
  )
}

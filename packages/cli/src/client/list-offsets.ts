import type { Session } from '../session.ts'

type Which = { readonly from: 'earliest' | 'latest' } | { readonly timestamp: number }

/** The offset of each partition, by index; null where no record is as young as the timestamp. */
export async function listOffsets(
  session: Session,
  topic: string,
  query: Which,
): Promise<(number | null)[]> {
  const { offsets } = await session.call('read', (api) =>
    api.GET('/v1/topics/{topic}/offsets', { params: { path: { topic }, query } }),
  )
  return offsets.map(({ offset }) => offset)
}

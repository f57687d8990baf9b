const GROUP = 'billing'
export const SESSION_MS = 6_000

export interface PolledRecord {
  /** `topic/partition`. */
  readonly log: string
  readonly offset: number
  readonly value: number
}

export interface GroupPoll {
  readonly apiKey: string
  readonly memberId: string
  readonly topics: readonly string[]
  readonly ack: string | null
}

export interface GroupAnswer {
  readonly leaseToken: string
  readonly records: readonly PolledRecord[]
}

/** An answer that says no. */
export class Refused extends Error {
  override readonly name = 'Refused'
  readonly isRetriable: boolean

  constructor(problem: { readonly code?: string; readonly retriable?: boolean }) {
    super(problem.code ?? 'no problem document')
    this.isRetriable = problem.retriable ?? true
  }
}

const WAIT_MS = 1_000
const MAX_RECORDS = 500
const REQUEST_MS_MAX = 20_000

/** Throws `Refused`, and whatever `fetch` throws when nobody knows what became of it. */
export async function pollGroup(
  url: string,
  { apiKey, memberId, topics, ack }: GroupPoll,
  signal: AbortSignal,
): Promise<GroupAnswer> {
  const body = {
    memberId,
    topics,
    ack,
    waitMs: WAIT_MS,
    maxRecords: MAX_RECORDS,
    sessionTimeoutMs: SESSION_MS,
    rebalanceTimeoutMs: SESSION_MS,
  }
  const answer = await post(`${url}/v1/groups/${GROUP}/poll`, apiKey, body, signal)
  const { leaseToken, records } = (await answer.json()) as Polled
  return {
    leaseToken,
    records: records.map(({ topic, partition, offset, value }) => ({
      log: `${topic}/${partition}`,
      offset,
      value,
    })),
  }
}

/** Throws as `pollGroup`. */
export async function commitToken(
  url: string,
  apiKey: string,
  leaseToken: string,
  signal: AbortSignal,
): Promise<void> {
  await post(`${url}/v1/groups/${GROUP}/commit`, apiKey, { leaseToken }, signal)
}

interface Polled {
  readonly leaseToken: string
  readonly records: readonly {
    readonly topic: string
    readonly partition: number
    readonly offset: number
    readonly value: number
  }[]
}

async function post(
  url: string,
  apiKey: string,
  body: unknown,
  signal: AbortSignal,
): Promise<Response> {
  const answer = await fetch(url, {
    method: 'POST',
    headers: { authorization: `Bearer ${apiKey}`, 'content-type': 'application/json' },
    body: JSON.stringify(body),
    signal: AbortSignal.any([signal, AbortSignal.timeout(REQUEST_MS_MAX)]),
  })
  if (answer.ok) return answer
  throw new Refused((await answer.json()) as { code?: string; retriable?: boolean })
}

import type { Gateways } from './client.ts'

export interface ChaosTopic {
  readonly name: string
  readonly partitions: number
  readonly config: Readonly<Record<string, number>>
}

/** One with the usual settings, and one whose segments are as small as they may be. */
export const TOPICS: readonly ChaosTopic[] = [
  { name: 'orders', partitions: 6, config: {} },
  { name: 'clicks', partitions: 3, config: { segmentBytes: 1 << 20 } },
]

export const REPLICAS = 3

export const LOGS: readonly string[] = TOPICS.flatMap(({ name, partitions }) =>
  Array.from({ length: partitions }, (_, partition) => `${name}/${partition}`),
)

/** Before any fault. The machine may be slow then: an attempt that timed out may have made it. */
export async function createTopics(gateways: Gateways): Promise<void> {
  for (const topic of TOPICS) {
    for (let attempt = 1; ; attempt += 1) {
      const answer = await request(gateways, '/v1/topics', {
        method: 'POST',
        body: JSON.stringify({ ...topic, replicationFactor: REPLICAS }),
      })
      if (answer.ok || (attempt > 1 && answer.status === CONFLICT)) break
      const problem = `${topic.name}: ${answer.status} ${await answer.text()}`
      if (answer.status !== TIMED_OUT || attempt === CREATE_ATTEMPTS_MAX) throw new Error(problem)
    }
  }
}

/** Logs that lack a leader or an in-sync replica, as a gateway sees it. */
export async function unhealthyLogs(gateways: Gateways): Promise<readonly string[]> {
  const unhealthy: string[] = []
  for (const { name } of TOPICS) {
    const answer = await request(gateways, `/v1/topics/${name}`, {})
    if (!answer.ok) return [`${name}: ${answer.status}`]
    const { partitionDetails } = (await answer.json()) as Described
    for (const { partition, leader, inSyncReplicas } of partitionDetails) {
      if (leader !== null && inSyncReplicas.length === REPLICAS) continue
      unhealthy.push(`${name}/${partition} (leader ${leader}, in sync ${inSyncReplicas})`)
    }
  }
  return unhealthy
}

interface Described {
  readonly partitionDetails: readonly {
    readonly partition: number
    readonly leader: number | null
    readonly inSyncReplicas: readonly number[]
  }[]
}

const REQUEST_MS_MAX = 30_000
const CREATE_ATTEMPTS_MAX = 6
const CONFLICT = 409
const TIMED_OUT = 504

function request(
  { urls: [url = ''], apiKey }: Gateways,
  path: string,
  init: { readonly method?: string; readonly body?: string },
): Promise<Response> {
  const headers = { authorization: `Bearer ${apiKey}`, 'content-type': 'application/json' }
  return fetch(`${url}${path}`, { ...init, headers, signal: AbortSignal.timeout(REQUEST_MS_MAX) })
}

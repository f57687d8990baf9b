import type { Credentials } from './standalone.ts'

export interface Written {
  /** Values that were acknowledged, by partition, in their order. */
  readonly acknowledged: readonly (readonly number[])[]
  /** Statuses of all requests that were not; 0 for a connection that broke. */
  readonly refused: readonly number[]
}

/**
 * Writes to each partition one record after the other, by turns through all gateways and never a
 * second time, until `ended`.
 */
export async function writeUntil(
  ended: Promise<unknown>,
  gateways: readonly Credentials[],
  topic: { readonly name: string; readonly partitions: number },
): Promise<Written> {
  let running = true
  const stop = (): void => {
    running = false
  }
  ended.then(stop, stop)
  const refused: number[] = []
  const writing = Array.from({ length: topic.partitions }, async (_, partition) => {
    const acknowledged: number[] = []
    for (let value = 0; running; value += 1) {
      const gateway = gateways[value % gateways.length]
      const status = gateway === undefined ? 0 : await write(gateway, topic.name, partition, value)
      if (status === 200) acknowledged.push(value)
      else refused.push(status)
    }
    return acknowledged
  })
  return { acknowledged: await Promise.all(writing), refused }
}

async function write(
  { url, apiKey }: Credentials,
  topic: string,
  partition: number,
  value: number,
): Promise<number> {
  const answer = await fetch(`${url}/v1/topics/${topic}/records`, {
    method: 'POST',
    headers: { authorization: `Bearer ${apiKey}`, 'content-type': 'application/json' },
    body: JSON.stringify({ records: [{ partition, value }] }),
  }).catch(() => null)
  await answer?.arrayBuffer()
  return answer?.status ?? 0
}

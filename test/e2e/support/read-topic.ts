import type { Credentials } from './standalone.ts'

export interface ReadRecord {
  readonly partition: number
  readonly offset: number
  readonly key: string
  // biome-ignore lint/suspicious/noExplicitAny: each test knows what it wrote.
  readonly value: any
}

/** Every record of every partition, in order, through the REST API. */
export async function readTopic(
  credentials: Credentials,
  topic: string,
  partitions: number,
): Promise<ReadRecord[]> {
  const records: ReadRecord[] = []
  for (let partition = 0; partition < partitions; partition++) {
    let offset = 0
    for (;;) {
      const path = `/v1/topics/${topic}/partitions/${partition}/records`
      const page = await getJson(credentials, `${path}?offset=${offset}&maxRecords=10000`)
      for (const record of page.records) records.push({ ...record, partition })
      if (page.nextOffset >= page.highWatermark) break
      offset = page.nextOffset
    }
  }
  return records
}

// biome-ignore lint/suspicious/noExplicitAny: each test knows what it asked for.
export async function getJson({ url, apiKey }: Credentials, path: string): Promise<any> {
  const headers = { authorization: `Bearer ${apiKey}` }
  const answer = await fetch(`${url}${path}`, { headers })
  if (!answer.ok) throw new Error(`${path}: ${answer.status} ${await answer.text()}`)
  return await answer.json()
}

// biome-ignore lint/suspicious/noExplicitAny: each test knows what it asked for.
export async function postJson(of: Credentials, path: string, body: unknown): Promise<any> {
  const headers = { authorization: `Bearer ${of.apiKey}`, 'content-type': 'application/json' }
  const answer = await fetch(`${of.url}${path}`, {
    method: 'POST',
    headers,
    body: JSON.stringify(body),
  })
  if (!answer.ok) throw new Error(`${path}: ${answer.status} ${await answer.text()}`)
  return await answer.json()
}

import { readFileSync } from 'node:fs'
import { join } from 'node:path'

/** Where the server is, and the header that proves who we are. */
export interface Server {
  readonly url: string
  readonly headers: { readonly authorization: string }
}

/** From the environment, or from the file that `npm start` writes. */
export function connect(): Server {
  const { COURANT_URL, COURANT_API_KEY, COURANT_DATA_DIR } = process.env
  if (COURANT_URL !== undefined && COURANT_API_KEY !== undefined) {
    return { url: COURANT_URL, headers: { authorization: `Bearer ${COURANT_API_KEY}` } }
  }
  const directory = COURANT_DATA_DIR ?? join(import.meta.dirname, '../../.courant')
  const file = join(directory, 'credentials.json')
  const { url, apiKey } = JSON.parse(readFileSync(file, 'utf8')) as { url: string; apiKey: string }
  return { url, headers: { authorization: `Bearer ${apiKey}` } }
}

/** Safe to repeat: an equal topic is left as it is. */
export async function createTopic(server: Server, name: string, partitions: number): Promise<void> {
  const response = await fetch(`${server.url}/v1/topics`, {
    method: 'POST',
    headers: { ...server.headers, 'content-type': 'application/json' },
    body: JSON.stringify({ name, partitions }),
  })
  if (!response.ok) throw await problemOf(response)
}

/** Errors are problem documents; `detail` says what was wrong and what would help. */
export async function problemOf(response: Response): Promise<Error> {
  const problem = (await response.json()) as { code: string; detail: string }
  return new Error(`${problem.code}: ${problem.detail}`)
}

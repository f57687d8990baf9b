/** `<dataDir>/credentials.json`: how this machine's programs reach the standalone. */
import { readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { writePrivateFile } from './private-file.ts'
import { StartError } from './start-error.ts'

export interface Credentials {
  readonly url: string
  /** host:port of the gRPC API; absent of a cluster, whose gateways have one each. */
  readonly grpc?: string
  readonly tenant: string
  readonly apiKey: string
  readonly operatorKey: string
}

const FIELDS = ['url', 'tenant', 'apiKey', 'operatorKey'] as const

export function credentialsPath(directory: string): string {
  return join(directory, 'credentials.json')
}

/**
 * Null when there is no file. One that says something else is an error: it is not ours to replace.
 */
export async function readCredentials(directory: string): Promise<Credentials | null> {
  const path = credentialsPath(directory)
  const text = await readFile(path, 'utf8').catch((error: NodeJS.ErrnoException) => {
    if (error.code === 'ENOENT') return null
    throw new StartError(`${path} cannot be read: ${error.message}`, { cause: error })
  })
  if (text === null) return null
  const credentials = parse(text)
  if (credentials !== null) return credentials
  throw new StartError(
    `${path} does not hold ${FIELDS.join(', ')}. Remove it, and the next start makes new keys.`,
  )
}

export async function writeCredentials(directory: string, credentials: Credentials): Promise<void> {
  await writePrivateFile(credentialsPath(directory), credentials)
}

function parse(text: string): Credentials | null {
  try {
    const found: unknown = JSON.parse(text)
    if (typeof found !== 'object' || found === null) return null
    const members = new Map<string, unknown>(Object.entries(found))
    const [url, tenant, apiKey, operatorKey] = FIELDS.map((field) => members.get(field))
    return typeof url === 'string' &&
      typeof tenant === 'string' &&
      typeof apiKey === 'string' &&
      typeof operatorKey === 'string'
      ? { url, tenant, apiKey, operatorKey }
      : null
  } catch {
    return null
  }
}

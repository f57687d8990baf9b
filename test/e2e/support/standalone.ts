import { readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { Child } from './child.ts'
import { cleanEnvironment, mainOf } from './repository.ts'

export interface Credentials {
  readonly url: string
  readonly apiKey: string
}

export const ANY_PORTS = {
  COURANT_HTTP_PORT: '0',
  COURANT_GRPC_PORT: '0',
  COURANT_ADMIN_PORT: 'off',
}

/** What `npm start` runs, on a data directory and any free ports; returns once it serves. */
export async function startStandalone(
  dataDirectory: string,
): Promise<{ child: Child; credentials: Credentials }> {
  const env = {
    ...cleanEnvironment(),
    ...ANY_PORTS,
    COURANT_DATA_DIR: dataDirectory,
    COURANT_RING_BYTES: String(16 << 20),
  }
  const child = new Child(mainOf('standalone'), { env })
  await child.printed('Ctrl-C stops it.')
  return { child, credentials: await readCredentials(dataDirectory) }
}

export async function readCredentials(dataDirectory: string): Promise<Credentials> {
  return JSON.parse(await readFile(join(dataDirectory, 'credentials.json'), 'utf8'))
}

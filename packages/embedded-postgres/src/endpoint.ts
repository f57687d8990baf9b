import { rm } from 'node:fs/promises'
import { createServer } from 'node:net'
import { join } from 'node:path'
import { readPassword, SUPERUSER } from './data-directory.ts'
import type { Identity } from './identity.ts'
import { socketDirectory } from './socket-directory.ts'

/** Where the server listens: the settings that make it so, and how clients get there. */
export interface Endpoint {
  readonly settings: readonly string[]
  readonly connectionString: string
  /** The lock file that a crashed server leaves beside its socket, if it had one. */
  readonly lockFile: string | null
  /** Removes what was made outside the data directory. For after the server's end. */
  release(): Promise<void>
}

/**
 * A socket in the data directory is named relative to the server's working directory, so that it
 * can be made where the server cannot enter the directories above.
 */
export async function socketEndpoint(dataDirectory: string, identity: Identity): Promise<Endpoint> {
  const directory = await socketDirectory(dataDirectory, identity)
  const place = directory === dataDirectory ? '.' : directory
  return {
    settings: ['listen_addresses=', `unix_socket_directories=${place}`],
    connectionString: `postgres:///postgres?host=${encodeURIComponent(directory)}&user=${SUPERUSER}`,
    lockFile: join(directory, '.s.PGSQL.5432.lock'),
    release: async () => {
      if (directory !== dataDirectory) await rm(directory, { recursive: true, force: true })
    },
  }
}

/** Loopback, with the password of the data directory: any local user can reach a port. */
export async function tcpEndpoint(dataDirectory: string): Promise<Endpoint> {
  const port = await freePort()
  const password = encodeURIComponent(await readPassword(dataDirectory))
  return {
    settings: ['listen_addresses=127.0.0.1', `port=${port}`, 'unix_socket_directories='],
    connectionString: `postgres://${SUPERUSER}:${password}@127.0.0.1:${port}/postgres`,
    lockFile: null,
    release: async () => {},
  }
}

/**
 * PostgreSQL cannot choose a port itself. One that is taken in between fails the start, clearly.
 */
function freePort(): Promise<number> {
  return new Promise((resolve, reject) => {
    const probe = createServer()
    probe.once('error', reject)
    probe.listen(0, '127.0.0.1', () => {
      const address = probe.address()
      const port = typeof address === 'object' && address !== null ? address.port : 0
      probe.close(() => resolve(port))
    })
  })
}

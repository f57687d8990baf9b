/**
 * A real PostgreSQL server as a child of this process: the default database of Courant when
 * DATABASE_URL is unset. Started on its data directory, reachable through a socket that only this
 * user and root can open, gone when this process is gone.
 */
import { mkdir, realpath } from 'node:fs/promises'
import { basename, dirname, join, resolve } from 'node:path'
import { nativeDirectory, prepareBinaries } from './binaries.ts'
import { prepareDataDirectory } from './data-directory.ts'
import { DirectoryLock } from './directory-lock.ts'
import { socketEndpoint, tcpEndpoint } from './endpoint.ts'
import { EmbeddedPostgresError } from './error.ts'
import { type Identity, identityFor } from './identity.ts'
import { clearLeftovers } from './leftover.ts'
import { Server } from './server.ts'

export interface EmbeddedPostgresOptions {
  /** Made on the first start, with its parents. */
  readonly dataDirectory: string
  /** Called with each line of the server's log. */
  readonly onLog?: (line: string) => void
  /**
   * Default: loopback TCP on Windows, where Node cannot open PostgreSQL's sockets; else a socket.
   */
  readonly transport?: 'socket' | 'tcp'
  /** `none`: a power cut may destroy the database. For tests, several times as fast. */
  readonly durability?: 'full' | 'none'
  /** A directory with bin/, lib/ and share/. Default: that of the npm package of this platform. */
  readonly nativeDirectory?: string
}

/** A running server. */
export interface EmbeddedPostgres {
  /** For `pg` and all that builds on it. Works in every process of this user and of root. */
  readonly connectionString: string
  readonly pid: number
  /** Resolves when the server is gone: null after `stop`, an error if it ended by itself. */
  readonly ended: Promise<EmbeddedPostgresError | null>
  /** Ends open connections, writes a checkpoint, and waits until the server is gone. */
  stop(): Promise<void>
}

/**
 * Makes the data directory if needed, starts the server, and returns once it accepts connections.
 */
export async function startEmbeddedPostgres(
  options: EmbeddedPostgresOptions,
): Promise<EmbeddedPostgres> {
  const dataDirectory = await resolveDirectory(options.dataDirectory)
  const identity = await identityFor(dataDirectory)
  const lock = new DirectoryLock(dataDirectory)
  try {
    const server = await startServer(dataDirectory, identity, options)
    const ended = server.ended.finally(async () => {
      await server.endpoint.release()
      lock.release()
    })
    const stop = async (): Promise<void> => {
      await server.stop()
      await ended
    }
    return { connectionString: server.endpoint.connectionString, pid: server.pid, ended, stop }
  } catch (error) {
    lock.release()
    throw error
  }
}

async function startServer(
  dataDirectory: string,
  identity: Identity,
  options: EmbeddedPostgresOptions,
): Promise<Server> {
  const native = options.nativeDirectory ?? nativeDirectory()
  const binaries = await prepareBinaries(native, identity)
  const durability = options.durability ?? 'full'
  await prepareDataDirectory(dataDirectory, binaries, identity, durability)
  const transport = options.transport ?? (process.platform === 'win32' ? 'tcp' : 'socket')
  const endpoint =
    transport === 'tcp'
      ? await tcpEndpoint(dataDirectory)
      : await socketEndpoint(dataDirectory, identity)
  await clearLeftovers(dataDirectory, endpoint)
  const { onLog } = options
  const server = new Server({
    dataDirectory,
    binaries,
    identity,
    endpoint,
    durability,
    ...(onLog ? { onLog } : {}),
  })
  await server.ready()
  return server
}

/**
 * Absolute and free of symbolic links, so that one directory has one lock whatever it is called.
 */
async function resolveDirectory(directory: string): Promise<string> {
  const absolute = resolve(directory)
  const parent = dirname(absolute)
  try {
    await mkdir(parent, { recursive: true })
    const whole = await realpath(absolute).catch(() => null)
    return whole ?? join(await realpath(parent), basename(absolute))
  } catch (cause) {
    const reason = cause instanceof Error ? cause.message : String(cause)
    throw new EmbeddedPostgresError(`The data directory ${absolute} cannot be made: ${reason}`, {
      cause,
    })
  }
}

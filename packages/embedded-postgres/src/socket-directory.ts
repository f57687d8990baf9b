import { createHash } from 'node:crypto'
import { lchown, lstat, mkdir } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { EmbeddedPostgresError } from './error.ts'
import type { Identity } from './identity.ts'

/** What sockaddr_un holds, without the final NUL. */
const PATH_BYTES_MAX = process.platform === 'darwin' ? 103 : 107

/** PostgreSQL names its socket after a port even when it listens on none. */
const SOCKET_NAME = '.s.PGSQL.5432'

/**
 * Where the socket lies: in the data directory (mode 0700, so nobody else connects), or, where that
 * path is too long for a socket, in a directory of its own whose name follows from the data
 * directory, so that a start after kill -9 finds and reuses it.
 */
export async function socketDirectory(dataDirectory: string, identity: Identity): Promise<string> {
  if (fits(dataDirectory)) return dataDirectory
  const uid = identity?.uid ?? process.getuid?.() ?? 0
  const digest = createHash('sha256').update(dataDirectory).digest('hex').slice(0, 16)
  const candidates = [tmpdir(), '/tmp', '/run'].map((parent) =>
    join(parent, `courant-postgres-socket-${uid}-${digest}`),
  )
  for (const candidate of candidates.filter(fits)) {
    if (await claim(candidate, uid, identity)) return candidate
  }
  throw new EmbeddedPostgresError(
    `The path of ${dataDirectory} is too long for a socket (${PATH_BYTES_MAX} bytes), and none of ` +
      `these can be made: ${candidates.join(', ')}. Choose a shorter data directory.`,
  )
}

function fits(directory: string): boolean {
  return Buffer.byteLength(join(directory, SOCKET_NAME)) <= PATH_BYTES_MAX
}

/** Makes the directory, or accepts one that is ours alone: under /tmp anybody may have made it. */
async function claim(directory: string, uid: number, identity: Identity): Promise<boolean> {
  try {
    await mkdir(directory, { mode: 0o700 })
    if (identity !== null) await lchown(directory, identity.uid, identity.gid)
    return true
  } catch {
    const found = await lstat(directory).catch(() => null)
    return found?.isDirectory() === true && found.uid === uid && (found.mode & 0o077) === 0
  }
}

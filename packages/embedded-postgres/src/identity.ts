/**
 * As whom PostgreSQL runs, and how a program is started so.
 *
 * PostgreSQL refuses root, and in containers and on build machines everything is root. Instead of
 * creating an account, its programs run as `nobody`, which exists everywhere. On Linux that goes
 * through setpriv(1), also without a change of user, because it sets the parent-death signal: the
 * kernel stops PostgreSQL when this process dies, even by kill -9, so no orphan stays behind.
 */
import { type ChildProcess, type SpawnOptions, type StdioOptions, spawn } from 'node:child_process'
import { existsSync } from 'node:fs'
import { stat } from 'node:fs/promises'
import { delimiter, join } from 'node:path'
import { EmbeddedPostgresError } from './error.ts'

/** The user to become; null: stay who we are. */
export type Identity = { readonly uid: number; readonly gid: number } | null

const NOBODY = { uid: 65534, gid: 65534 }

/**
 * Root becomes the owner of an existing data directory (it may have been made by a start without
 * root, and PostgreSQL insists that its user owns it), else nobody.
 */
export async function identityFor(dataDirectory: string): Promise<Identity> {
  if (process.getuid?.() !== 0) return null
  if (process.platform !== 'linux' || findProgram('setpriv') === null) {
    throw new EmbeddedPostgresError(
      'PostgreSQL refuses to run as root, and changing the user needs Linux and setpriv ' +
        '(util-linux). Start as an ordinary user, or set DATABASE_URL.',
    )
  }
  const owner = await stat(dataDirectory).catch(() => null)
  if (owner === null || owner.uid === 0) return NOBODY
  return { uid: owner.uid, gid: owner.gid }
}

export interface Launch {
  readonly identity: Identity
  readonly file: string
  readonly args: readonly string[]
  readonly cwd: string
  readonly stdio: StdioOptions
}

/**
 * Starts a program in a session of its own: Ctrl-C in a terminal goes to the whole process group,
 * and PostgreSQL must outlive the services that still drain.
 *
 * The parent-death signal follows the *thread* that spawned. Call this from a thread that lives as
 * long as the process should.
 */
export function launch({ identity, file, args, cwd, stdio }: Launch): ChildProcess {
  const options: SpawnOptions = { cwd, stdio, detached: true, env: environment() }
  const setpriv = process.platform === 'linux' ? findProgram('setpriv') : null
  if (setpriv === null) return spawn(file, args, options)
  const become =
    identity === null
      ? []
      : [`--reuid=${identity.uid}`, `--regid=${identity.gid}`, '--clear-groups']
  return spawn(setpriv, [...become, '--pdeathsig', 'INT', file, ...args], options)
}

/**
 * Runs a program to its end; `inheritFd` becomes its descriptor 3. Never throws: a program that
 * cannot start has code null.
 */
export function run(
  program: Omit<Launch, 'stdio'> & { readonly inheritFd?: number },
): Promise<{ readonly code: number | null; readonly output: string }> {
  return new Promise((resolve) => {
    const inherited = program.inheritFd === undefined ? [] : [program.inheritFd]
    const stdio: StdioOptions = ['ignore', 'pipe', 'pipe', ...inherited]
    const child = launch({ ...program, stdio })
    let output = ''
    const collect = (chunk: Buffer): void => {
      output += chunk.toString()
    }
    child.stdout?.on('data', collect)
    child.stderr?.on('data', collect)
    child.once('error', (error) => resolve({ code: null, output: String(error) }))
    child.once('close', (code) => resolve({ code, output }))
  })
}

/** Ours without PG*, each of which would override a setting (PGDATA, PGPORT, PGOPTIONS, ...). */
function environment(): NodeJS.ProcessEnv {
  const inherited = Object.entries(process.env).filter(([name]) => !name.startsWith('PG'))
  return { ...Object.fromEntries(inherited), LC_ALL: 'C', TZ: 'UTC' }
}

function findProgram(name: string): string | null {
  const { PATH = '' } = process.env
  const places = [...PATH.split(delimiter), '/usr/bin', '/bin'].filter((directory) =>
    directory.startsWith('/'),
  )
  return places.map((place) => join(place, name)).find((file) => existsSync(file)) ?? null
}

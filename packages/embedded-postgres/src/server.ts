import type { ChildProcess } from 'node:child_process'
import { systemClock, wait } from '@courant/kernel'
import type { Binaries } from './binaries.ts'
import { dataDirectoryArgument } from './data-directory.ts'
import type { Endpoint } from './endpoint.ts'
import { EmbeddedPostgresError } from './error.ts'
import { type Identity, launch, run } from './identity.ts'
import { pidFileOf } from './pid-file.ts'

/** Recovery after a crash replays at most two checkpoints' worth of WAL. */
const START_MS_MAX = 300_000
const STOP_MS_MAX = 30_000
const READY_POLL_MS = 5
const LOG_LINES_KEPT = 30

/**
 * Settings on the command line beat postgresql.conf: what durability rests on cannot be edited
 * away.
 */
const DURABILITY = {
  full: ['fsync=on', 'full_page_writes=on', 'synchronous_commit=on'],
  none: ['fsync=off', 'full_page_writes=off', 'synchronous_commit=off'],
} as const

const SETTINGS = [
  // Three processes less than io_method=worker, and nothing here reads enough to need them.
  'io_method=sync',
  'max_logical_replication_workers=0',
]

export interface ServerOptions {
  readonly dataDirectory: string
  readonly binaries: Binaries
  readonly identity: Identity
  readonly endpoint: Endpoint
  readonly durability: keyof typeof DURABILITY
  readonly onLog?: (line: string) => void
}

/** The postmaster as a child process, from launch to end. */
export class Server {
  readonly pid: number
  readonly ended: Promise<EmbeddedPostgresError | null>
  readonly #options: ServerOptions
  readonly #child: ChildProcess
  readonly #lastLines: string[] = []
  #stopping = false
  #hasEnded = false

  constructor(options: ServerOptions) {
    const { dataDirectory, binaries, identity, endpoint, durability } = options
    const settings = [...DURABILITY[durability], ...SETTINGS, ...endpoint.settings].flatMap(
      (setting) => ['-c', setting],
    )
    this.#options = options
    this.#child = launch({
      identity,
      file: binaries.postgres,
      args: ['-D', dataDirectoryArgument(dataDirectory, identity), ...settings],
      cwd: dataDirectory,
      stdio: ['ignore', 'ignore', 'pipe'],
    })
    // setpriv becomes the postmaster, so the child's pid is the one in postmaster.pid.
    this.pid = this.#child.pid ?? 0
    this.#readLog()
    this.ended = this.#watchEnd()
  }

  get endpoint(): Endpoint {
    return this.#options.endpoint
  }

  /**
   * Resolves when the server accepts connections; throws if it ends before, with its last words.
   */
  async ready(): Promise<void> {
    const deadline = systemClock.monotonicMs() + START_MS_MAX
    for (;;) {
      if (this.#hasEnded) {
        throw (
          (await this.ended) ?? new EmbeddedPostgresError('PostgreSQL was stopped at its start.')
        )
      }
      const pidFile = await pidFileOf(this.#options.dataDirectory)
      if (pidFile?.pid === this.pid && pidFile.status === 'ready') return
      if (systemClock.monotonicMs() > deadline) {
        await this.stop()
        throw new EmbeddedPostgresError(`PostgreSQL was not ready in ${START_MS_MAX / 1000} s.`)
      }
      await wait(systemClock, READY_POLL_MS)
    }
  }

  async stop(): Promise<void> {
    this.#stopping = true
    await this.#askToStop()
    const timer = systemClock.setTimer(STOP_MS_MAX, () => this.#child.kill('SIGQUIT'))
    await this.ended
    timer.cancel()
  }

  /**
   * SIGINT is PostgreSQL's fast shutdown. Windows has no signals: pg_ctl does it by an event there.
   */
  async #askToStop(): Promise<void> {
    if (process.platform !== 'win32') {
      this.#child.kill('SIGINT')
      return
    }
    const { dataDirectory, binaries, identity } = this.#options
    const args = ['stop', '-m', 'fast', '-D', dataDirectory]
    await run({ identity, file: binaries.pgCtl, args, cwd: dataDirectory })
  }

  #watchEnd(): Promise<EmbeddedPostgresError | null> {
    return new Promise((resolve) => {
      const end = (how: string): void => {
        this.#hasEnded = true
        const log = this.#lastLines.map((line) => `\n  ${line}`).join('')
        resolve(this.#stopping ? null : new EmbeddedPostgresError(`PostgreSQL ${how}.${log}`))
      }
      this.#child.once('error', (error) => end(`could not be started: ${error.message}`))
      this.#child.once('close', (code, signal) => end(`ended (${signal ?? `status ${code}`})`))
    })
  }

  #readLog(): void {
    let rest = ''
    this.#child.stderr?.setEncoding('utf8').on('data', (text: string) => {
      const lines = (rest + text).split('\n')
      rest = lines.pop() ?? ''
      for (const line of lines) this.#keep(line)
    })
  }

  #keep(line: string): void {
    this.#lastLines.push(line)
    if (this.#lastLines.length > LOG_LINES_KEPT) this.#lastLines.shift()
    this.#options.onLog?.(line)
  }
}

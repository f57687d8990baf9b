import { once } from 'node:events'
import type { Command } from 'commander'
import picocolors from 'picocolors'
import type { Api } from './client/api.ts'
import {
  type Connection,
  type ConnectionFlags,
  type Role,
  resolveConnection,
} from './client/connection.ts'
import type { Effect } from './client/problem.ts'
import { exitStatusOf } from './failure.ts'
import { hasColours, processTerminal, type Terminal } from './terminal.ts'

type Colours = ReturnType<typeof picocolors.createColors>
type Calls<Data> = (api: Api) => Promise<{ data?: Data; error?: unknown; response: Response }>

/** One run of one command: what it was told globally, and the ways in which it may speak. */
export class Session {
  readonly terminal: Terminal
  /** Whether programs read the output: one JSON object, or one a line. */
  readonly json: boolean
  readonly colours: Colours
  readonly #flags: ConnectionFlags

  constructor(terminal: Terminal, flags: ConnectionFlags & { readonly json?: true }) {
    this.terminal = terminal
    this.json = flags.json ?? false
    this.colours = picocolors.createColors(hasColours(terminal, 'stdout'))
    this.#flags = flags
  }

  connection(role: Role = 'tenant'): Connection {
    return resolveConnection(this.#flags, this.terminal, role)
  }

  /** Calls the API and returns what it answered. The client is loaded only by who needs it. */
  async call<Data>(effect: Effect, calls: Calls<Data>, role: Role = 'tenant'): Promise<Data> {
    const connection = this.connection(role)
    const { answered, openApi } = await import('./client/api.ts')
    return answered(connection.url, effect, calls(openApi(connection)))
  }

  /** Writes to the standard output; resolves when it takes more. */
  async write(text: string | Buffer): Promise<void> {
    const { stdout } = this.terminal
    if (!stdout.write(text)) await once(stdout, 'drain')
  }

  async line(text: string): Promise<void> {
    await this.write(`${text}\n`)
  }

  /** The one object that a command with `--json` prints. */
  async object(value: unknown): Promise<void> {
    await this.line(JSON.stringify(value))
  }

  /** For people, beside the output. */
  note(text: string): void {
    this.terminal.stderr.write(`${text}\n`)
  }

  /**
   * Aborts at the first Ctrl-C or SIGTERM, so that the command can end in order. At the second the
   * process goes at once.
   */
  untilInterrupted(): AbortSignal {
    const controller = new AbortController()
    const onSignal = (signal: NodeJS.Signals): void => {
      if (controller.signal.aborted) process.exit(exitStatusOf(signal))
      process.exitCode = exitStatusOf(signal)
      controller.abort()
    }
    process.on('SIGINT', onSignal)
    process.on('SIGTERM', onSignal)
    return controller.signal
  }
}

/** An action of commander that is given a session in front of its arguments and options. */
export function inSession<Given extends unknown[]>(
  run: (session: Session, ...given: Given) => Promise<void>,
): (...given: [...Given, Command]) => Promise<void> {
  return async (...given) => {
    const command = given.pop() as Command
    const session = new Session(processTerminal(), command.optsWithGlobals())
    const rest: unknown[] = given
    await run(session, ...(rest as Given))
  }
}

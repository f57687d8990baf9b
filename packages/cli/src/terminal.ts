import type { Readable, Writable } from 'node:stream'

/** Where the command runs: its streams, and what is known of who sits at their other ends. */
export interface Terminal {
  readonly stdin: Readable
  readonly stdout: Writable
  readonly stderr: Writable
  /** Which of the streams are a person's. */
  readonly isTerminal: {
    readonly stdin: boolean
    readonly stdout: boolean
    readonly stderr: boolean
  }
  readonly env: Readonly<Record<string, string | undefined>>
  readonly cwd: string
}

export function processTerminal(): Terminal {
  const { stdin, stdout, stderr, env } = process
  return {
    stdin,
    stdout,
    stderr,
    isTerminal: {
      stdin: stdin.isTTY === true,
      stdout: stdout.isTTY === true,
      stderr: stderr.isTTY === true,
    },
    env,
    cwd: process.cwd(),
  }
}

/** Colours are for people: on a terminal, unless NO_COLOR is set (no-color.org). */
export function hasColours(terminal: Terminal, stream: 'stdout' | 'stderr'): boolean {
  const { env } = terminal
  if ((env['NO_COLOR'] ?? '') !== '' || env['TERM'] === 'dumb') return false
  return terminal.isTerminal[stream]
}

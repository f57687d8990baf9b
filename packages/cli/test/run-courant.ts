import { type ChildProcessWithoutNullStreams, spawn } from 'node:child_process'
import { once } from 'node:events'
import { text } from 'node:stream/consumers'

const LAUNCHER = `${import.meta.dirname}/../bin/courant.mjs`

export interface Ended {
  readonly status: number | null
  readonly stdout: string
  readonly stderr: string
}

interface RunOptions {
  readonly input?: string
  readonly env?: Readonly<Record<string, string>>
  /** Flags of Node, in front of the launcher. */
  readonly nodeFlags?: readonly string[]
}

/** Starts the command as a process, with nothing of our environment that could steer it. */
export function startCourant(args: readonly string[], options: RunOptions = {}) {
  const { nodeFlags = [], env = {}, input } = options
  const child = spawn(process.execPath, [...nodeFlags, LAUNCHER, ...args], {
    cwd: '/',
    env: { PATH: process.env['PATH'] ?? '', ...env },
  })
  if (input !== undefined) child.stdin.end(input)
  const stderr = text(child.stderr)
  const closed = once(child, 'close').then(([status]) => status as number | null)
  return { child, closed, stderr, ended: () => endOf(child, closed, stderr) }
}

export function runCourant(args: readonly string[], options: RunOptions = {}): Promise<Ended> {
  return startCourant(args, { input: '', ...options }).ended()
}

async function endOf(
  child: ChildProcessWithoutNullStreams,
  closed: Promise<number | null>,
  stderr: Promise<string>,
): Promise<Ended> {
  const stdout = await text(child.stdout)
  return { status: await closed, stdout, stderr: await stderr }
}

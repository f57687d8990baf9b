import { type ChildProcess, spawn } from 'node:child_process'
import { readFileSync } from 'node:fs'
import type { Cleanup } from './cleanup.ts'
import { type Core, pinned } from './pinning.ts'

export interface ChildOptions {
  readonly core: Core
  readonly command: readonly string[]
  readonly env?: Readonly<Record<string, string>>
  readonly cwd?: string
  /** Opens a message channel to a child that is one of our own workers. */
  readonly channel?: 'ipc'
}

/**
 * A pinned child process. What it prints is kept, not shown, until it fails: a benchmark's output
 * is its figures.
 */
export class Child {
  readonly process: ChildProcess
  readonly exited: Promise<number | null>
  #output = ''

  constructor(options: ChildOptions, cleanup: Cleanup) {
    const [command = '', ...args] = pinned(options.core, options.command)
    this.process = spawn(command, args, {
      env: { ...process.env, ...options.env },
      ...(options.cwd === undefined ? {} : { cwd: options.cwd }),
      stdio: ['ignore', 'pipe', 'pipe', ...(options.channel === undefined ? [] : ['ipc' as const])],
      serialization: 'advanced',
    })
    for (const stream of [this.process.stdout, this.process.stderr]) {
      stream?.on('data', (chunk: Buffer) => {
        this.#output = (this.#output + chunk.toString()).slice(-8192)
      })
    }
    this.exited = new Promise((resolve) => {
      this.process.once('exit', resolve)
      this.process.once('error', (error) => {
        this.#output += error.message
        resolve(null)
      })
    })
    cleanup.add(() => this.stop())
  }

  /** The end of what the child has printed. */
  get output(): string {
    return this.#output
  }

  /** Asks the child to end, and kills it when it has not after 10 s. */
  async stop(): Promise<void> {
    this.process.kill('SIGTERM')
    const impatience = setTimeout(() => this.process.kill('SIGKILL'), 10_000)
    await this.exited
    clearTimeout(impatience)
  }

  async kill(): Promise<void> {
    this.process.kill('SIGKILL')
    await this.exited
  }

  /** Waits until `check` returns true; fails as soon as the child has ended, or after a minute. */
  async ready(check: () => Promise<boolean>): Promise<void> {
    const deadline = performance.now() + 60_000
    while (!(await check().catch(() => false))) {
      if (this.process.exitCode !== null || this.process.signalCode !== null) {
        throw new Error(`${this.process.spawnargs.join(' ')} ended:\n${this.#output}`)
      }
      if (performance.now() > deadline) {
        throw new Error(`${this.process.spawnargs.join(' ')} is not ready:\n${this.#output}`)
      }
      await new Promise((resolve) => setTimeout(resolve, 20))
    }
  }

  /** Processor time used so far, in seconds; NaN where there is no /proc. */
  cpuSeconds(): number {
    try {
      const stat = readFileSync(`/proc/${this.process.pid}/stat`, 'utf8')
      const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ')
      return (Number(fields[11]) + Number(fields[12])) / 100
    } catch {
      return Number.NaN
    }
  }
}

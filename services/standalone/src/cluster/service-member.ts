import { type ChildProcess, spawn } from 'node:child_process'
import { closeSync } from 'node:fs'
import { get } from 'node:http'
import { join } from 'node:path'
import { type Clock, limits, wait } from '@courant/kernel'
import { StartError } from '../start-error.ts'
import { type Exit, exitText, type Member, type MemberStatus, nameOf, type Role } from './member.ts'
import { openLog, tailOf } from './member-log.ts'

/** What a process of a service is started with. */
export interface ServicePlan {
  readonly role: Exclude<Role, 'postgres'>
  readonly id: number
  /** The program and its arguments. */
  readonly command: readonly string[]
  readonly env: NodeJS.ProcessEnv
  readonly url: string
  readonly adminUrl: string
  readonly rack: string | null
  readonly log: string
}

/** A start that takes longer is reported as failed; its process is left to go on. */
const READY_MS_MAX = 60_000
const READY_POLL_MS = 50
const PROBE_MS_MAX = 1_000
/** A service gives up on draining by itself before this. */
const STOP_MS_MAX = limits.shutdownMsMax + 5_000
const LOG_LINES_SHOWN = 8

const SERVICES = join(import.meta.dirname, '..', '..', '..')
const END_WITH_SUPERVISOR = join(import.meta.dirname, 'end-with-supervisor.ts')
const COMPILE_CACHE = join(SERVICES, '..', 'node_modules', '.cache', 'courant')

/** The file of a service that is started as a process. */
export function mainOf(role: ServicePlan['role']): string {
  return join(SERVICES, role, 'src', 'main.ts')
}

/** Runs `main` with Node, until it is told to stop or the supervisor is gone. */
export function nodeCommand(main: string): readonly string[] {
  return [process.execPath, '--import', END_WITH_SUPERVISOR, main]
}

/** One service as a process of its own, started by its `main.ts` as in a fleet. */
export class ServiceMember implements Member {
  readonly role: ServicePlan['role']
  readonly id: number
  onLost: (exit: Exit) => void = () => {}
  readonly #plan: ServicePlan
  readonly #clock: Clock
  #child: ChildProcess | null = null
  #ended: Promise<Exit> = Promise.resolve({ status: null, signal: null })
  #exit: Exit | null = null
  #isWanted = false

  constructor(plan: ServicePlan, clock: Clock) {
    this.role = plan.role
    this.id = plan.id
    this.#plan = plan
    this.#clock = clock
  }

  async start(signal: AbortSignal): Promise<void> {
    this.#isWanted = true
    if (this.#child === null) this.#spawn()
    const deadline = this.#clock.monotonicMs() + READY_MS_MAX
    while (!(await this.#isReady())) {
      if (this.#exit !== null) throw this.#failure(`ended ${exitText(this.#exit)} at its start`)
      if (signal.aborted) throw new StartError('The start was cut short.')
      if (this.#clock.monotonicMs() > deadline) {
        throw this.#failure(`runs, but is not ready after ${READY_MS_MAX / 1000} s`)
      }
      await Promise.race([this.#ended, wait(this.#clock, READY_POLL_MS, signal)])
    }
  }

  async stop(): Promise<void> {
    this.#isWanted = false
    const child = this.#child
    if (child === null) return
    child.kill('SIGTERM')
    // Somebody may have stopped it by SIGSTOP, and then it cannot hear.
    child.kill('SIGCONT')
    const timer = this.#clock.setTimer(STOP_MS_MAX, () => child.kill('SIGKILL'))
    await this.#ended
    timer.cancel()
  }

  async status(): Promise<MemberStatus> {
    const { role, id, url, adminUrl, rack, log } = this.#plan
    const pid = this.#child?.pid ?? null
    const state = await this.#state()
    return { role, id, pid, url, adminUrl, rack, log, state, exit: this.#exit }
  }

  async #state(): Promise<MemberStatus['state']> {
    if (this.#child === null) return this.#isWanted ? 'ended' : 'stopped'
    return (await this.#isReady()) ? 'ready' : 'not-ready'
  }

  /** In a session of its own: Ctrl-C in a terminal must not reach all at once, in no order. */
  #spawn(): void {
    const log = openLog(this.#plan.log)
    const [program = '', ...args] = this.#plan.command
    const child = spawn(program, args, {
      env: { NODE_COMPILE_CACHE: COMPILE_CACHE, ...this.#plan.env },
      stdio: ['pipe', log, log],
      detached: true,
    })
    closeSync(log)
    this.#child = child
    this.#exit = null
    this.#ended = new Promise((resolve) => {
      child.once('error', () => resolve({ status: 1, signal: null }))
      child.once('exit', (status, signal) => resolve({ status, signal }))
    })
    void this.#ended.then((exit) => {
      this.#child = null
      this.#exit = exit
      if (this.#isWanted) this.onLost(exit)
    })
  }

  #isReady(): Promise<boolean> {
    if (this.#child === null) return Promise.resolve(false)
    return new Promise((resolve) => {
      const request = get(`${this.#plan.adminUrl}/readyz`, { timeout: PROBE_MS_MAX }, (answer) => {
        answer.resume()
        resolve(answer.statusCode === 200)
      })
      request.once('timeout', () => request.destroy())
      request.once('error', () => resolve(false))
    })
  }

  #failure(how: string): StartError {
    const { log } = this.#plan
    const tail = tailOf(log, LOG_LINES_SHOWN).replaceAll(/^/gm, '  ')
    return new StartError(`${nameOf(this)} ${how}. Its log, ${log}, ends with:\n${tail}`)
  }
}

/**
 * `npx courant cluster` as one process of a test file, on a data directory that goes with it; its
 * processes are killed by their pids and started again by the command.
 */
import { randomInt } from 'node:crypto'
import { mkdtemp, readFile, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { Child } from './child.ts'
import { cleanEnvironment, ROOT } from './repository.ts'
import { type Ended, runProgram } from './run-program.ts'
import type { Credentials } from './standalone.ts'
import { until } from './until.ts'

const COMMAND = join(ROOT, 'packages/cli/bin/courant.mjs')
/** Default ports with this added stay below those that systems give to connections. */
const PORT_OFFSET_MAX = 20_000

export type Role = 'postgres' | 'control-plane' | 'broker' | 'gateway'

export interface ClusterFile {
  readonly processes: readonly {
    readonly role: Role
    readonly id: number
    readonly pid: number | null
    readonly url: string
  }[]
  readonly tenant: string
  readonly apiKey: string
  readonly operatorKey: string
  readonly supervisor: { readonly pid: number }
}

export class ClusterProcess {
  readonly dataDirectory: string
  readonly #home: string
  readonly #env: Readonly<Record<string, string>>
  readonly #portOffset = randomInt(1_000, PORT_OFFSET_MAX)
  #child: Child | null = null

  private constructor(home: string, env: Readonly<Record<string, string>>) {
    this.#home = home
    this.#env = {
      ...cleanEnvironment(),
      COURANT_RING_BYTES: String(16 << 20),
      ...env,
    }
    this.dataDirectory = join(home, 'data')
  }

  /** With three brokers, two gateways and two control planes, unless `args` say otherwise. */
  static async start(...args: readonly string[]): Promise<ClusterProcess> {
    return await ClusterProcess.startWith({}, ...args)
  }

  /** The same on a database of the caller's. */
  static async startOn(databaseUrl: string, ...args: readonly string[]): Promise<ClusterProcess> {
    return await ClusterProcess.startWith({ DATABASE_URL: databaseUrl }, ...args)
  }

  /** The same with settings of its services. */
  static async startWith(
    env: Readonly<Record<string, string>>,
    ...args: readonly string[]
  ): Promise<ClusterProcess> {
    const home = await mkdtemp(join(tmpdir(), 'courant-cluster-'))
    const cluster = new ClusterProcess(home, env)
    await cluster.start(...args)
    return cluster
  }

  /** Also again, on what is there. What it printed. */
  async start(...args: readonly string[]): Promise<string> {
    this.#child = this.launch(...args)
    await this.#child.printed('Ctrl-C stops it.')
    return this.#child.output
  }

  /** The same start, not waited for. */
  launch(...args: readonly string[]): Child {
    const place = ['--data-dir', this.dataDirectory, '--port-offset', String(this.#portOffset)]
    const command = [process.execPath, COMMAND, 'cluster', 'start', ...place, ...args]
    return new Child(command, { env: this.#env })
  }

  get output(): string {
    return this.#child?.output ?? ''
  }

  async file(): Promise<ClusterFile> {
    return JSON.parse(await readFile(join(this.dataDirectory, 'cluster.json'), 'utf8'))
  }

  /** A gateway, by its id, as a client of the default tenant finds it. */
  async gateway(id: number): Promise<Credentials> {
    const { processes, apiKey } = await this.file()
    const url = processes.find((found) => found.role === 'gateway' && found.id === id)?.url ?? ''
    return { url, apiKey }
  }

  async pid(role: Role, id: number): Promise<number> {
    const { processes } = await this.file()
    const pid = processes.find((found) => found.role === role && found.id === id)?.pid ?? null
    if (pid === null) throw new Error(`${role} ${id} does not run`)
    return pid
  }

  /** kill -9; resolves when the supervisor has seen it. */
  async kill(role: Role, id: number): Promise<void> {
    process.kill(await this.pid(role, id), 'SIGKILL')
    await until(async () => ((await this.pid(role, id).catch(() => null)) === null ? true : null))
  }

  /** `courant <args>` on this cluster. */
  courant(...args: readonly string[]): Promise<Ended> {
    const env = { ...cleanEnvironment(), COURANT_DATA_DIR: this.dataDirectory }
    return runProgram(process.execPath, [COMMAND, ...args], env)
  }

  /** `courant cluster <args>`. */
  command(...args: readonly string[]): Promise<Ended> {
    return this.courant('cluster', ...args)
  }

  /** The same, which must succeed. */
  async order(...args: readonly string[]): Promise<string> {
    const { status, stdout, stderr } = await this.command(...args)
    if (status === 0) return stdout
    throw new Error(`courant cluster ${args.join(' ')}: ${stderr}\n${this.output}`)
  }

  /** Of the supervisor by `signal`: its exit status. */
  async end(signal: NodeJS.Signals): Promise<number | null> {
    return (await this.#child?.end(signal)) ?? null
  }

  async stop(): Promise<void> {
    await this.end('SIGTERM')
    await rm(this.#home, { recursive: true, force: true })
  }
}

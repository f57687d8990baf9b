import { closeSync, writeSync } from 'node:fs'
import { type EmbeddedPostgres, startEmbeddedPostgres } from '@courant/embedded-postgres'
import type { Exit, Member, MemberStatus } from './member.ts'
import { openLog } from './member-log.ts'

/** The cluster's own PostgreSQL. Linux ends it with the supervisor; else the next start does. */
export class PostgresMember implements Member {
  readonly role = 'postgres'
  readonly id = 1
  onLost: (exit: Exit) => void = () => {}
  readonly #dataDirectory: string
  readonly #log: string
  #server: EmbeddedPostgres | null = null
  #url = ''
  #exit: Exit | null = null
  #isWanted = false

  constructor(dataDirectory: string, log: string) {
    this.#dataDirectory = dataDirectory
    this.#log = log
  }

  /** The same after each start. */
  get url(): string {
    return this.#url
  }

  async start(): Promise<void> {
    this.#isWanted = true
    if (this.#server !== null) return
    const log = openLog(this.#log)
    try {
      this.#watch(
        await startEmbeddedPostgres({
          dataDirectory: this.#dataDirectory,
          onLog: (line) => writeSync(log, `${line}\n`),
        }),
        log,
      )
    } catch (error) {
      closeSync(log)
      throw error
    }
  }

  async stop(): Promise<void> {
    this.#isWanted = false
    await this.#server?.stop()
  }

  async status(): Promise<MemberStatus> {
    const pid = this.#server?.pid ?? null
    const gone = this.#isWanted ? 'ended' : 'stopped'
    return {
      role: this.role,
      id: this.id,
      pid,
      url: this.#url,
      adminUrl: null,
      rack: null,
      log: this.#log,
      state: pid === null ? gone : 'ready',
      exit: this.#exit,
    }
  }

  #watch(server: EmbeddedPostgres, log: number): void {
    this.#server = server
    this.#url = server.connectionString
    this.#exit = null
    void server.ended.then((error) => {
      closeSync(log)
      this.#server = null
      this.#exit = { status: error === null ? 0 : 1, signal: null }
      if (this.#isWanted) this.onLost(this.#exit)
    })
  }
}

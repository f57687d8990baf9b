import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { Child } from './child.ts'
import { cleanEnvironment, mainOf } from './repository.ts'
import { ANY_PORTS, readCredentials } from './standalone.ts'

/** `npm start` as one process of a test file, on a data directory that goes with it. */
export class StandaloneProcess {
  readonly dataDirectory: string
  readonly #home: string
  #child: Child | null = null

  private constructor(home: string) {
    this.#home = home
    this.dataDirectory = join(home, 'data')
  }

  static async start(): Promise<StandaloneProcess> {
    const standalone = new StandaloneProcess(await mkdtemp(join(tmpdir(), 'courant-e2e-')))
    await standalone.start()
    return standalone
  }

  /** What leads programs to it: nothing but the directory, as after `npm start`. */
  get env(): Readonly<Record<string, string>> {
    return { ...cleanEnvironment(), COURANT_DATA_DIR: this.dataDirectory }
  }

  /** Also again, on what is there, after a kill. `env` adds to the settings. */
  async start(env: Readonly<Record<string, string>> = {}): Promise<void> {
    const settings = { COURANT_RING_BYTES: String(16 << 20), ...ANY_PORTS, ...env }
    this.#child = new Child(mainOf('standalone'), { env: { ...this.env, ...settings } })
    await this.#child.printed('Ctrl-C stops it.')
  }

  async url(): Promise<string> {
    return (await readCredentials(this.dataDirectory)).url
  }

  /** As a power cut would: nothing is said to anybody. */
  async killAtOnce(): Promise<void> {
    await this.#child?.end('SIGKILL')
  }

  async stop(): Promise<void> {
    await this.#child?.end('SIGTERM')
    await rm(this.#home, { recursive: true, force: true })
  }
}

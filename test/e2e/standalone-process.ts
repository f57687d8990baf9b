import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { existsSync } from 'node:fs'
import { mkdtemp, readFile, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join, resolve } from 'node:path'

export const ROOT = resolve(import.meta.dirname, '../..')

/** `npm start` as a process of its own, on free ports and a data directory of its own. */
export class StandaloneProcess {
  readonly dataDirectory: string
  #child: ChildProcess | null = null

  private constructor(dataDirectory: string) {
    this.dataDirectory = dataDirectory
  }

  static async start(): Promise<StandaloneProcess> {
    const home = await mkdtemp(join(tmpdir(), 'courant-e2e-'))
    const standalone = new StandaloneProcess(join(home, 'data'))
    await standalone.start()
    return standalone
  }

  /** What leads programs to it: nothing but the directory, as after `npm start`. */
  get env(): NodeJS.ProcessEnv {
    return { ...process.env, COURANT_DATA_DIR: this.dataDirectory }
  }

  /** Also again, on what is there, after a kill. */
  async start(env: NodeJS.ProcessEnv = {}): Promise<void> {
    const child = spawn(process.execPath, ['services/standalone/src/main.ts'], {
      cwd: ROOT,
      stdio: ['ignore', 'pipe', 'inherit'],
      env: {
        ...this.env,
        COURANT_HTTP_PORT: '0',
        COURANT_GRPC_PORT: '0',
        COURANT_ADMIN_PORT: '0',
        ...env,
      },
    })
    this.#child = child
    let printed = ''
    for await (const part of child.stdout) {
      printed += part
      if (printed.includes('Courant is ready')) break
    }
    if (!printed.includes('Courant is ready')) throw new Error(`It did not start: ${printed}`)
  }

  async url(): Promise<string> {
    const text = await readFile(join(this.dataDirectory, 'credentials.json'), 'utf8')
    return (JSON.parse(text) as { url: string }).url
  }

  /** As a power cut would: nothing is said to anybody. */
  async killAtOnce(): Promise<void> {
    await this.#end('SIGKILL')
  }

  async stop(): Promise<void> {
    await this.#end('SIGTERM')
    if (existsSync(this.dataDirectory))
      await rm(resolve(this.dataDirectory, '..'), { recursive: true })
  }

  async #end(signal: NodeJS.Signals): Promise<void> {
    const child = this.#child
    if (child === null || child.exitCode !== null || child.signalCode !== null) return
    child.kill(signal)
    await once(child, 'exit')
  }
}

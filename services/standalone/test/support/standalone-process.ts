import { type ChildProcess, spawn } from 'node:child_process'
import { readFile } from 'node:fs/promises'
import { join } from 'node:path'

const MAIN = join(import.meta.dirname, '..', '..', 'src', 'main.ts')
const READY = 'Ctrl-C stops it.'

export interface Credentials {
  readonly url: string
  readonly grpc: string
  readonly tenant: string
  readonly apiKey: string
  readonly operatorKey: string
}

/** `npm start` as a child process: any free ports, and nothing else from our own environment. */
export class StandaloneProcess {
  readonly #child: ChildProcess
  readonly #dataDirectory: string
  readonly #ended: Promise<number | null>
  #output = ''
  #onOutput: () => void = () => {}

  constructor(dataDirectory: string, environment: Readonly<Record<string, string>> = {}) {
    const { PATH = '', HOME = '' } = process.env
    this.#dataDirectory = dataDirectory
    this.#child = spawn(process.execPath, [MAIN], {
      stdio: ['ignore', 'pipe', 'pipe'],
      env: {
        PATH,
        HOME,
        COURANT_DATA_DIR: dataDirectory,
        COURANT_HTTP_PORT: '0',
        COURANT_GRPC_PORT: '0',
        COURANT_ADMIN_PORT: '0',
        COURANT_RING_BYTES: String(16 << 20),
        ...environment,
      },
    })
    for (const stream of [this.#child.stdout, this.#child.stderr]) {
      stream?.on('data', (chunk) => {
        this.#output += chunk
        this.#onOutput()
      })
    }
    this.#ended = new Promise((resolve) => this.#child.once('close', resolve))
  }

  /** All that was printed so far. */
  get output(): string {
    return this.#output
  }

  get pid(): number {
    return this.#child.pid ?? 0
  }

  /** The exit status; null after a signal. */
  get ended(): Promise<number | null> {
    return this.#ended
  }

  /** Waits until it says that it is ready, and reads the credentials that it left. */
  async ready(): Promise<Credentials> {
    await this.printed(READY)
    return JSON.parse(await readFile(join(this.#dataDirectory, 'credentials.json'), 'utf8'))
  }

  /** Waits until the text has been printed; an end before that is an error. */
  async printed(text: string): Promise<void> {
    const seen = new Promise<true>((resolve) => {
      this.#onOutput = () => this.#output.includes(text) && resolve(true)
      this.#onOutput()
    })
    const how = await Promise.race([seen, this.#ended])
    if (how !== true) throw new Error(`ended with ${how}:\n${this.#output}`)
  }

  /** The three curl lines as they were printed. */
  curlLines(): string[] {
    return this.#output.split('\n').filter((line) => line.startsWith('curl '))
  }

  kill(signal: NodeJS.Signals): void {
    this.#child.kill(signal)
  }

  async stop(): Promise<number | null> {
    this.kill('SIGTERM')
    return await this.#ended
  }
}

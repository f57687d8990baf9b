import { type ChildProcess, spawn } from 'node:child_process'

/** A process of ours, with what it printed, whose end can be waited for. */
export class Child {
  readonly #process: ChildProcess
  readonly #ended: Promise<number | null>
  #output = ''
  #onOutput: () => void = () => {}

  constructor(
    [file = '', ...args]: readonly string[],
    options: { readonly env: Readonly<Record<string, string>>; readonly cwd?: string },
  ) {
    this.#process = spawn(file, args, { stdio: ['pipe', 'pipe', 'pipe'], ...options })
    for (const stream of [this.#process.stdout, this.#process.stderr]) {
      stream?.on('data', (chunk) => {
        this.#output += chunk
        this.#onOutput()
      })
    }
    this.#ended = new Promise((resolve) => this.#process.once('close', resolve))
  }

  get pid(): number {
    return this.#process.pid ?? 0
  }

  get output(): string {
    return this.#output
  }

  /** The exit status; null after a signal that ended it. */
  get ended(): Promise<number | null> {
    return this.#ended
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

  /** What a person would type at it. */
  type(text: string): void {
    this.#process.stdin?.write(text)
  }

  async end(signal: NodeJS.Signals): Promise<number | null> {
    this.#process.kill(signal)
    return await this.#ended
  }
}

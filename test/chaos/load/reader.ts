import { systemClock, wait } from '@courant/kernel'
import type { Seen } from '../history/history.ts'
import { type Gateways, readPage } from './client.ts'

const PAUSE_MS = 150
/** Between two tries of the final read, which has to succeed. */
const RETRY_MS = 200

/** Reads all logs in turn, each from its first offset on and nothing twice. */
export class Reader {
  readonly #name: string
  readonly #gateways: Gateways
  readonly #seen: Seen[]
  readonly #next: Map<string, number>
  readonly #stopping = new AbortController()
  #gateway = 0
  #done: Promise<void> = Promise.resolve()

  constructor(name: string, gateways: Gateways, logs: readonly string[], seen: Seen[]) {
    this.#name = name
    this.#gateways = gateways
    this.#seen = seen
    this.#next = new Map(logs.map((log) => [log, 0]))
  }

  start(): void {
    this.#done = this.#follow()
  }

  async stop(): Promise<void> {
    this.#stopping.abort()
    await this.#done
  }

  /** Everything up to the ends that the logs have now. */
  async readAll(): Promise<void> {
    for (const log of this.#next.keys()) {
      while (!(await this.#poll(log).catch(() => this.#failed()))) {
        if (this.#stopping.signal.aborted) return
      }
    }
  }

  async #follow(): Promise<void> {
    while (!this.#stopping.signal.aborted) {
      for (const log of this.#next.keys()) {
        if (this.#stopping.signal.aborted) return
        await this.#poll(log).catch(() => this.#failed())
      }
      await wait(systemClock, PAUSE_MS, this.#stopping.signal)
    }
  }

  /** Whether that was the end of the log. */
  async #poll(log: string): Promise<boolean> {
    const { urls, apiKey } = this.#gateways
    const url = urls[this.#gateway % urls.length] ?? ''
    const page = await readPage(url, apiKey, log, this.#next.get(log) ?? 0)
    for (const { offset, value } of page.records) {
      this.#seen.push({ reader: this.#name, log, offset, value })
    }
    this.#next.set(log, page.nextOffset)
    return page.nextOffset >= page.highWatermark
  }

  async #failed(): Promise<false> {
    this.#gateway += 1
    await wait(systemClock, RETRY_MS, this.#stopping.signal)
    return false
  }
}

import { type Clock, wait } from '@courant/kernel'
import pg from 'pg'

export interface ChangeListenerOptions {
  readonly url: string
  readonly clock: Clock
  /** Something was committed, or may have been while nobody listened. */
  readonly onHint: () => void
}

const CHANNEL = 'courant_metadata'
const BACKOFF_MS_MIN = 100
const BACKOFF_MS_MAX = 5_000

/**
 * LISTEN on a connection of its own, again and again. Notifications are hints: one may be lost with
 * its connection, so whoever relies on this also looks by itself now and then.
 */
export class ChangeListener {
  readonly #options: ChangeListenerOptions
  readonly #stopping = new AbortController()
  #running: Promise<void> = Promise.resolve()

  constructor(options: ChangeListenerOptions) {
    this.#options = options
  }

  start(): void {
    this.#running = this.#run()
  }

  async stop(): Promise<void> {
    this.#stopping.abort()
    await this.#running
  }

  async #run(): Promise<void> {
    const { signal } = this.#stopping
    let failures = 0
    while (!signal.aborted) {
      const hasListened = await this.#listen()
      failures = hasListened ? 0 : failures + 1
      const backoffMs = Math.min(BACKOFF_MS_MAX, BACKOFF_MS_MIN * 2 ** failures)
      await wait(this.#options.clock, backoffMs, signal)
    }
  }

  /** Until the connection ends, however it ends. Returns whether it listened at all. */
  async #listen(): Promise<boolean> {
    const { url, onHint } = this.#options
    const { signal } = this.#stopping
    const client = new pg.Client({
      connectionString: url,
      application_name: 'courant-control-plane-feed',
      keepAlive: true,
      connectionTimeoutMillis: BACKOFF_MS_MAX,
    })
    const ended = new Promise<void>((resolve) => {
      client.once('end', resolve)
      client.on('error', () => resolve())
      signal.addEventListener('abort', () => resolve(), { once: true })
    })
    client.on('notification', onHint)
    try {
      await client.connect()
      await client.query(`LISTEN ${CHANNEL}`)
      onHint()
      await ended
      return true
    } catch {
      return false
    } finally {
      await client.end().catch(() => {})
    }
  }
}

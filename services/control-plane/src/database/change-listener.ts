import { type Clock, wait } from '@courant/kernel'
import pg from 'pg'

export interface ChangeListenerOptions {
  readonly url: string
  readonly clock: Clock
  /** By channel: something was committed, or may have been while nobody listened. */
  readonly onHint: Readonly<Record<string, () => void>>
}

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
    client.on('notification', ({ channel }) => onHint[channel]?.())
    try {
      await client.connect()
      for (const [channel, hint] of Object.entries(onHint)) {
        await client.query(`LISTEN ${channel}`)
        hint()
      }
      await ended
      return true
    } catch {
      return false
    } finally {
      await client.end().catch(() => {})
    }
  }
}

import type { NetConnectOpts, Socket } from 'node:net'
import { connect } from 'node:net'
import { systemClock } from '@courant/kernel'

/** How a passage is now, each way by itself. */
export interface PassageState {
  /** - `held`: bytes wait, and so do new connections. */
  readonly out: 'open' | 'held'
  readonly back: 'open' | 'held'
  readonly outDelayMs: number
  readonly backDelayMs: number
}

/**
 * One connection through a proxy. TCP sends again what a partition swallows, so bytes that are held
 * arrive when it has healed; who loses patience before ends the connection.
 */
export class Passage {
  readonly #client: Socket
  readonly #target: NetConnectOpts
  readonly #state: () => PassageState
  #upstream: Socket | null = null

  constructor(client: Socket, target: NetConnectOpts, state: () => PassageState) {
    this.#client = client
    this.#target = target
    this.#state = state
    client.pause()
    client.on('error', () => this.reset())
    this.update()
  }

  /** Called when the state has changed. */
  update(): void {
    const { out, back } = this.#state()
    if (this.#client.destroyed) return
    if (this.#upstream === null) {
      if (out === 'open' && back === 'open') this.#connect()
      return
    }
    if (out === 'open') this.#client.resume()
    else this.#client.pause()
    if (back === 'open') this.#upstream.resume()
    else this.#upstream.pause()
  }

  onClosed(closed: () => void): void {
    this.#client.on('close', closed)
  }

  reset(): void {
    this.#client.resetAndDestroy()
    this.#upstream?.resetAndDestroy()
  }

  #connect(): void {
    const upstream = connect(this.#target)
    this.#upstream = upstream
    upstream.on('error', () => this.reset())
    this.#forward(this.#client, upstream, () => this.#state().outDelayMs)
    this.#forward(upstream, this.#client, () => this.#state().backDelayMs)
    this.update()
  }

  #forward(from: Socket, to: Socket, delayMs: () => number): void {
    const send = (act: () => void): void => {
      const delay = delayMs()
      if (delay === 0) act()
      else systemClock.setTimer(delay, act)
    }
    from.on('data', (bytes) =>
      send(() => {
        if (!to.destroyed && !to.write(bytes)) from.pause()
      }),
    )
    to.on('drain', () => this.update())
    from.on('end', () => send(() => to.end()))
    from.on('close', () => send(() => to.destroy()))
  }
}

/**
 * The network port: ordered byte streams. `service-kit` has the TCP adapter, the simulator another.
 * Plain callbacks instead of Node streams, because a stream per connection costs a buffer copy and
 * a tick on the hot path.
 */
export interface Address {
  readonly host: string
  readonly port: number
}

export interface ConnectionEvents {
  /** Bytes as they arrive. How long the callee has them, `dataUse` says. */
  onData(bytes: Buffer): void
  /**
   * `kept`, the default: the bytes are the callee's, and the adapter never writes over them.
   * `borrowed`: the callee is done with them when `onData` returns. Their memory may go back then,
   * so that a view which was kept all the same is worth nothing.
   */
  readonly dataUse?: 'kept' | 'borrowed'
  /** The write queue has fallen below its mark after `write` returned false. */
  onDrain(): void
  /** Called exactly once, also for a connection that never opened. */
  onClose(error: Error | null): void
}

export interface Connection {
  /**
   * Queues the chunks in order. False: the peer is slow, stop until `onDrain`. Never throws.
   * `onSent` is called once nobody looks at the chunks any more, and never when the connection ends
   * before: their memory may be used again then.
   */
  write(chunks: readonly Buffer[], onSent?: () => void): boolean
  /** Stops `onData` (backpressure towards the peer) until `resume`. */
  pause(): void
  resume(): void
  /** Sends what is queued, then closes. */
  end(): void
  /** Drops what is queued and closes now. */
  destroy(): void
  readonly remoteAddress: string
}

export interface Listener {
  readonly address: Address
  /** Stops accepting. Open connections stay. */
  close(): Promise<void>
}

export interface Network {
  /** Opens in the background; a failure arrives as `onClose`. Writes before that are queued. */
  connect(address: Address, events: (connection: Connection) => ConnectionEvents): Connection
  listen(address: Address, accept: (connection: Connection) => ConnectionEvents): Promise<Listener>
}

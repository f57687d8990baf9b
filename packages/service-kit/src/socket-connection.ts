import type { Socket } from 'node:net'
import type { Connection, ConnectionEvents } from '@courant/kernel'
import { assert } from '@courant/kernel'

/** Beyond this many queued bytes `write` returns false; below half of it `onDrain` is called. */
const QUEUED_BYTES_MAX = 1024 * 1024
/**
 * Chunks of a turn that fit in here are copied together: one small write is cheaper than a writev.
 */
const COPY_BYTES_MAX = 64 * 1024

/**
 * One TCP connection behind the `Connection` port. States: open → ending (no more writes, the queue
 * still leaves) → closed (`onClose` has been called, once).
 */
export class SocketConnection implements Connection {
  readonly remoteAddress: string
  readonly #socket: Socket
  #events: ConnectionEvents | null = null
  #state: 'open' | 'ending' | 'closed' = 'open'
  #error: Error | null = null
  #turn: Buffer[] = []
  #onTurnSent: (() => void)[] = []
  /** Bytes in `#turn` and in the socket that the kernel has not taken. */
  #queuedBytes = 0
  #peerIsSlow = false

  constructor(socket: Socket, remoteAddress: string) {
    this.#socket = socket
    this.remoteAddress = remoteAddress
  }

  /** Starts the events. Separate from the constructor, because the handler needs the connection. */
  begin(events: ConnectionEvents): void {
    assert(this.#events === null, 'a connection begins once')
    this.#events = events
    this.#socket.on('error', (error) => {
      this.#error = error
    })
    this.#socket.on('end', () => {
      this.#state = 'ending'
    })
    this.#socket.on('close', () => {
      this.#state = 'closed'
      this.#turn = []
      events.onClose(this.#error)
    })
  }

  receive(bytes: Buffer): void {
    if (this.#state !== 'closed' && !this.#socket.destroyed) this.#events?.onData(bytes)
  }

  write(chunks: readonly Buffer[], onSent?: () => void): boolean {
    if (this.#state !== 'open') return true
    if (onSent !== undefined) this.#onTurnSent.push(onSent)
    if (this.#turn.length === 0) setImmediate(this.#flush)
    for (const chunk of chunks) {
      this.#turn.push(chunk)
      this.#queuedBytes += chunk.length
    }
    if (this.#queuedBytes < QUEUED_BYTES_MAX) return true
    this.#peerIsSlow = true
    return false
  }

  pause(): void {
    this.#socket.pause()
  }

  resume(): void {
    this.#socket.resume()
  }

  end(): void {
    if (this.#state !== 'open') return
    this.#flush()
    this.#state = 'ending'
    this.#socket.end()
  }

  destroy(): void {
    this.#turn = []
    this.#socket.destroy()
  }

  readonly #flush = (): void => {
    const chunks = this.#turn
    if (chunks.length === 0 || this.#state !== 'open') return
    this.#turn = []
    const bytes = chunks.reduce((sum, chunk) => sum + chunk.length, 0)
    const onSent = this.#onTurnSent
    if (onSent.length > 0) this.#onTurnSent = []
    const written = (error?: Error | null): void => {
      if (!error) for (const sent of onSent) sent()
      this.#written(bytes)
    }
    const [first] = chunks
    if (first !== undefined && chunks.length === 1) {
      this.#socket.write(first, written)
    } else if (bytes <= COPY_BYTES_MAX) {
      this.#socket.write(Buffer.concat(chunks, bytes), written)
    } else {
      this.#socket.cork()
      const last = chunks.length - 1
      for (let index = 0; index < last; index++) this.#socket.write(chunks[index] ?? EMPTY)
      this.#socket.write(chunks[last] ?? EMPTY, written)
      this.#socket.uncork()
    }
  }

  #written(bytes: number): void {
    this.#queuedBytes -= bytes
    if (!this.#peerIsSlow || this.#queuedBytes > QUEUED_BYTES_MAX / 2) return
    this.#peerIsSlow = false
    if (this.#state === 'open' && !this.#socket.destroyed) this.#events?.onDrain()
  }
}

const EMPTY = Buffer.alloc(0)

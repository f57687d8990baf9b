import { errorOf } from '@courant/api'
import type {
  SnapshotChunk,
  WatchMetadataRequest,
  WatchMetadataResponse,
} from '@courant/api/internal/v1/metadata'
import { type Address, BusError, type Clock } from '@courant/kernel'
import type { OpenWatch } from './grpc-watch.ts'
import type { MetadataState } from './metadata-state.ts'
import { SnapshotReceiver } from './snapshot-receiver.ts'

/** The server answers a watch at once; later silence is watched by keep-alive pings. */
const FIRST_ANSWER_MS_MAX = 10_000

export interface WatchSessionParts {
  readonly clock: Clock
  readonly openWatch: OpenWatch
}

/** One stream from one control plane, from connection to end. */
export class WatchSession {
  readonly address: Address
  readonly #parts: WatchSessionParts
  readonly #signal: AbortSignal
  #hasReceived = false
  #snapshot: SnapshotReceiver | null = null

  constructor(address: Address, parts: WatchSessionParts, signal: AbortSignal) {
    this.address = address
    this.#parts = parts
    this.#signal = signal
  }

  /** Whether the server answered at all. */
  get hasReceived(): boolean {
    return this.#hasReceived
  }

  /** Between the first and the last chunk of a snapshot. */
  get inSnapshot(): boolean {
    return this.#snapshot !== null
  }

  /** Never throws: returns why the stream ended, be it an error of the wire or one of `receive`. */
  async run(
    request: WatchMetadataRequest,
    receive: (response: WatchMetadataResponse) => void,
  ): Promise<BusError> {
    const { clock, openWatch } = this.#parts
    const ending = new AbortController()
    const end = (): void => ending.abort()
    const timer = clock.setTimer(FIRST_ANSWER_MS_MAX, end)
    this.#signal.addEventListener('abort', end, { once: true })
    try {
      for await (const response of openWatch(this.address, request, ending.signal)) {
        timer.cancel()
        receive(response)
        this.#hasReceived = true
      }
      return new BusError('CONNECTION_LOST', 'The control plane ended the watch.')
    } catch (error) {
      return errorOf(error)
    } finally {
      timer.cancel()
      this.#signal.removeEventListener('abort', end)
      end()
    }
  }

  /** Adds a chunk; returns the state when it was the last. */
  collect(chunk: SnapshotChunk): MetadataState | null {
    this.#snapshot ??= new SnapshotReceiver(chunk.version)
    if (!this.#snapshot.add(chunk)) return null
    const { state } = this.#snapshot
    this.#snapshot = null
    return state
  }
}

import { errorOf } from '@courant/api'
import {
  MetadataServiceClient,
  type SnapshotChunk,
  type WatchMetadataRequest,
  type WatchMetadataResponse,
} from '@courant/api/internal/v1/metadata'
import { type Address, BusError, type Clock } from '@courant/kernel'
import { credentials } from '@grpc/grpc-js'
import type { MetadataState } from './metadata-state.ts'
import { SnapshotReceiver } from './snapshot-receiver.ts'

/** The server answers a watch at once; later silence is watched by keep-alive pings. */
const FIRST_ANSWER_MS_MAX = 10_000

const CHANNEL_OPTIONS = {
  'grpc.keepalive_time_ms': 10_000,
  'grpc.keepalive_timeout_ms': 5_000,
  // The largest set of changes: a topic with the most partitions that there can be, many times
  // over.
  'grpc.max_receive_message_length': 64 * 1024 * 1024,
}

/** One stream from one control plane, from connection to end. */
export class WatchSession {
  readonly address: Address
  readonly #clock: Clock
  readonly #signal: AbortSignal
  #hasReceived = false
  #snapshot: SnapshotReceiver | null = null

  constructor(address: Address, { clock }: { readonly clock: Clock }, signal: AbortSignal) {
    this.address = address
    this.#clock = clock
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
    const host = this.address.host.includes(':') ? `[${this.address.host}]` : this.address.host
    const target = `${host}:${this.address.port}`
    const client = new MetadataServiceClient(target, credentials.createInsecure(), CHANNEL_OPTIONS)
    const stream = client.watchMetadata(request)
    const cancel = (): void => stream.cancel()
    const timer = this.#clock.setTimer(FIRST_ANSWER_MS_MAX, cancel)
    this.#signal.addEventListener('abort', cancel, { once: true })
    try {
      for await (const response of stream) {
        timer.cancel()
        receive(response)
        this.#hasReceived = true
      }
      return new BusError('CONNECTION_LOST', 'The control plane ended the watch.')
    } catch (error) {
      return errorOf(error)
    } finally {
      timer.cancel()
      this.#signal.removeEventListener('abort', cancel)
      stream.cancel()
      client.close()
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

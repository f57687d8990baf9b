import { type Address, BusError, type Clock, type Network } from '@courant/kernel'
import type { AnyApi, Api, ResponseOf } from './api.ts'
import {
  apiVersionsApi,
  decodeApiVersionsResponse,
  isVersionRefused,
} from './messages/api-versions.ts'
import type { Settle } from './pending-requests.ts'
import { type AnswerMemory, type AnswerOrder, RequestPipeline } from './request-pipeline.ts'
import type { WireReader } from './wire-reader.ts'

export interface BrokerConnectionOptions {
  readonly network: Network
  readonly clock: Clock
  readonly address: Address
  /** Tells the operator of the broker who this is. */
  readonly clientId: string
  /** For the connect and the handshake together. */
  readonly handshakeTimeoutMs: number
  /** `any-order` asks for answers that may overtake; a server that cannot answers in order. */
  readonly answerOrder: AnswerOrder
  /** `shared` when not given. */
  readonly answerMemory?: AnswerMemory
  /** Called once when an opened connection is gone, after its requests have failed. */
  readonly onClose?: (error: Error | null) => void
}

interface VersionRange {
  readonly minVersion: number
  readonly maxVersion: number
}

/**
 * A client's connection to one broker, ready for requests. They are written in the order of the
 * calls and pipelined. Nothing is ever sent twice: whether a request may be repeated is for the
 * caller to decide, by the `applied` of its error.
 */
export class BrokerConnection {
  readonly #clock: Clock
  readonly #pipeline: RequestPipeline
  readonly #versions = new Map<number, VersionRange>()
  #handshake: 'running' | 'done' = 'running'

  private constructor(options: BrokerConnectionOptions) {
    this.#clock = options.clock
    this.#pipeline = new RequestPipeline({
      network: options.network,
      clock: options.clock,
      address: options.address,
      clientId: options.clientId,
      answerMemory: options.answerMemory ?? 'shared',
      onClose: (error) => {
        if (this.#handshake === 'done') options.onClose?.(error)
      },
    })
  }

  /** Connects and learns what the broker speaks. Its failures are BROKER_UNAVAILABLE. */
  static async open(options: BrokerConnectionOptions): Promise<BrokerConnection> {
    const connection = new BrokerConnection(options)
    try {
      await connection.#shakeHands(options)
      return connection
    } catch (error) {
      connection.#pipeline.destroy()
      throw error
    }
  }

  get isOpen(): boolean {
    return this.#pipeline.isOpen
  }

  /** Requests that are sent and unanswered. */
  get inFlightCount(): number {
    return this.#pipeline.inFlightCount
  }

  /** Requests that wait until fewer are in flight. */
  get queuedCount(): number {
    return this.#pipeline.queuedCount
  }

  /** `any-order` when it was asked for and the broker makes use of it. */
  get answerOrder(): AnswerOrder {
    return this.#pipeline.answerOrder
  }

  /** The highest version that both sides speak; UNSUPPORTED_VERSION when there is none. */
  versionOf(api: AnyApi): number {
    const range = this.#versions.get(api.key)
    const version = Math.min(api.versionMax, range?.maxVersion ?? -1)
    if (version < Math.max(api.versionMin, range?.minVersion ?? 0)) {
      throw new BusError('UNSUPPORTED_VERSION', `The broker does not support ${api.name}.`)
    }
    return version
  }

  /** Sends a request and waits for its answer, at most `timeoutMs`. Rejects with BusError only. */
  request<RequestInput, Response>(
    api: Api<unknown, RequestInput, Response, never>,
    body: RequestInput,
    timeoutMs: number,
  ): Promise<Response> {
    return new Promise((resolve, reject) => {
      const version = this.versionOf(api)
      this.#submit(api, version, body, timeoutMs, {
        decode: (reader) => api.decodeResponse(reader, version),
        settle: { resolve: (value) => resolve(value as Response), reject },
      })
    })
  }

  /** Sends a request that has no answer (Produce with acks 0); resolves when it is on its way. */
  send<RequestInput>(
    api: Api<unknown, RequestInput, unknown, never>,
    body: RequestInput,
    timeoutMs: number,
  ): Promise<void> {
    return new Promise((resolve, reject) => {
      this.#submit(api, this.versionOf(api), body, timeoutMs, {
        decode: null,
        settle: { resolve: () => resolve(), reject },
      })
    })
  }

  /** Closes at once: what is unanswered fails, as after a lost connection. */
  close(): void {
    this.#pipeline.destroy()
  }

  #submit<RequestInput>(
    api: Api<unknown, RequestInput, unknown, never>,
    apiVersion: number,
    body: RequestInput,
    timeoutMs: number,
    answer: { decode: ((reader: WireReader) => unknown) | null; settle: Settle },
  ): void {
    this.#pipeline.submit({
      api,
      apiVersion,
      deadlineMs: this.#clock.monotonicMs() + timeoutMs,
      encode: (writer) => api.encodeRequest(writer, apiVersion, body),
      decode: answer.decode,
      settle: answer.settle,
      size: 0,
    })
  }

  async #shakeHands(options: BrokerConnectionOptions): Promise<void> {
    const deadlineMs = this.#clock.monotonicMs() + options.handshakeTimeoutMs
    const wanted = options.answerOrder === 'any-order'
    let response = await this.#askVersions(apiVersionsApi.versionMax, deadlineMs, wanted)
    if (isVersionRefused(response)) {
      const offered = response.apiKeys.find(({ apiKey }) => apiKey === apiVersionsApi.key)
      const version = Math.min(offered?.maxVersion ?? 0, apiVersionsApi.versionMax)
      response = await this.#askVersions(version, deadlineMs, wanted)
    }
    if (response.errorCode !== 0) {
      throw new BusError('BROKER_UNAVAILABLE', 'The broker refused the handshake.', {
        internal: { kafkaCode: response.errorCode },
      })
    }
    for (const range of response.apiKeys) this.#versions.set(range.apiKey, range)
    if (wanted && response.answersMayOvertake) this.#pipeline.answerOrder = 'any-order'
    this.#pipeline.raiseFrameLimit()
    this.#handshake = 'done'
  }

  #askVersions(
    version: number,
    deadlineMs: number,
    answersMayOvertake: boolean,
  ): Promise<ResponseOf<typeof apiVersionsApi>> {
    const body = {
      clientSoftwareName: 'courant',
      clientSoftwareVersion: '0.1.0',
      answersMayOvertake,
    }
    return new Promise((resolve, reject) => {
      this.#pipeline.submit({
        api: apiVersionsApi,
        apiVersion: version,
        deadlineMs,
        encode: (writer) => apiVersionsApi.encodeRequest(writer, version, body),
        decode: (reader) => decodeApiVersionsResponse(reader.bytes(reader.remaining), version),
        settle: { resolve: (value) => resolve(value as ResponseOf<typeof apiVersionsApi>), reject },
        size: 0,
      })
    })
  }
}

import { BusError } from '@courant/kernel'
import type { AnyApi } from './api.ts'
import type { AnswerOrder } from './request-pipeline.ts'
import type { WireReader } from './wire-reader.ts'
import type { WireWriter } from './wire-writer.ts'

/**
 * One request of a client, from the call until its answer, its deadline or the connection's end.
 */
export interface PendingRequest {
  readonly api: AnyApi
  readonly apiVersion: number
  readonly deadlineMs: number
  /** Kept until the request is written, then dropped: the caller's buffers need not live longer. */
  encode: ((writer: WireWriter) => void) | null
  /** Null for a produce with acks 0, which has no answer. */
  readonly decode: ((reader: WireReader) => unknown) | null
  /** Gives the caller the answer or the error; the second call and later ones do nothing. */
  readonly settle: Settle
  /** Bytes of the frame, once written. */
  size: number
}

/** Had the request been handed to the network? If not, it was certainly not applied. */
export type Progress = 'written' | 'unwritten'

/** Settles a promise once. */
export interface Settle {
  resolve(value: unknown): void
  reject(error: BusError): void
}

/**
 * Requests of one connection that wait for an answer, by correlation id, in the order of sending.
 * A request past its deadline fails for its caller but keeps its place until the answer comes, for
 * the server still holds it, too.
 */
export class PendingRequests {
  readonly #byId = new Map<number, PendingRequest>()
  #bytes = 0
  #lastId = -1
  /** Ids of requests that are encoded and not yet handed to the network. */
  #unwritten = new Set<number>()

  get count(): number {
    return this.#byId.size
  }

  get bytes(): number {
    return this.#bytes
  }

  /**
   * The id of the next request. 2^31 requests later it starts again, long after the first is gone.
   */
  nextId(): number {
    return (this.#lastId + 1) & 0x7fff_ffff
  }

  add(correlationId: number, request: PendingRequest): void {
    this.#lastId = correlationId
    if (request.decode === null) return
    this.#byId.set(correlationId, request)
    this.#unwritten.add(correlationId)
    this.#bytes += request.size
  }

  /** Everything added so far has been handed to the network: from now on it may be applied. */
  markWritten(): void {
    this.#unwritten.clear()
  }

  /** Takes the request that an answer belongs to. In order, only the oldest can be answered. */
  take(correlationId: number, order: AnswerOrder): PendingRequest | null {
    if (order === 'in-order' && this.#byId.keys().next().value !== correlationId) return null
    const request = this.#byId.get(correlationId)
    if (request === undefined) return null
    this.#byId.delete(correlationId)
    this.#bytes -= request.size
    return request
  }

  /** Fails, for their callers, all whose deadline has passed. */
  expire(nowMs: number): void {
    for (const [id, request] of this.#byId) {
      if (request.deadlineMs <= nowMs)
        request.settle.reject(expired(request.api, this.#progress(id)))
    }
  }

  /**
   * Fails all: with `applied: no` what never left this process, as unknown what may have arrived.
   */
  failAll(cause: Error | null): void {
    for (const [id, request] of this.#byId) {
      request.settle.reject(connectionLost(request.api, this.#progress(id), cause))
    }
    this.#byId.clear()
    this.#bytes = 0
  }

  #progress(correlationId: number): Progress {
    return this.#unwritten.has(correlationId) ? 'unwritten' : 'written'
  }
}

/** What a request fails with at its deadline. A read, or a write never sent, changed nothing. */
export function expired(api: AnyApi, progress: Progress): BusError {
  return api.operation === 'write' && progress === 'written'
    ? new BusError('TIMED_OUT', 'The broker did not answer in time; the write may have happened.')
    : new BusError('BROKER_UNAVAILABLE', 'The broker did not answer in time.')
}

/** What a request fails with when its connection breaks. */
export function connectionLost(api: AnyApi, progress: Progress, cause: Error | null): BusError {
  const options = cause === null ? {} : { cause }
  return api.operation === 'write' && progress === 'written'
    ? new BusError('CONNECTION_LOST', 'The connection broke before the broker answered.', options)
    : new BusError('BROKER_UNAVAILABLE', 'The connection to the broker broke.', options)
}

import {
  type Address,
  BusError,
  type Clock,
  type Connection,
  limits,
  type Network,
  type Timer,
} from '@courant/kernel'
import { FrameSplitter } from './frame-splitter.ts'
import { skipResponseHeaderRest, writeRequestHeader } from './headers.ts'
import {
  connectionLost,
  expired,
  type PendingRequest,
  PendingRequests,
} from './pending-requests.ts'
import type { WireReader } from './wire-reader.ts'
import { WireWriter } from './wire-writer.ts'

/** How often deadlines are looked at: one timer a connection, and none while nothing waits. */
const DEADLINE_CHECK_MS = 50

/** Must answers come in the order of the requests, or may they overtake each other? */
export type AnswerOrder = 'in-order' | 'any-order'

/**
 * `shared`: answers are views of what the network brought. `own`: each lies alone in memory of its
 * own, and whoever asked may give that back (`giveBack`): worth it for answers of megabytes, for
 * which the collector would walk the whole heap again and again.
 */
export type AnswerMemory = 'shared' | 'own'

export interface RequestPipelineOptions {
  readonly network: Network
  readonly clock: Clock
  readonly address: Address
  readonly clientId: string
  readonly answerMemory: AnswerMemory
  /** Called once, after every request has failed. */
  readonly onClose: (error: Error | null) => void
}

/**
 * The client's end of one connection: writes requests in the order of the calls, matches answers by
 * correlation id. As many are in flight as the broker reads without answering; the rest waits in a
 * bounded queue. Requests of one turn leave in one write.
 */
export class RequestPipeline {
  /** The handshake may relax it. */
  answerOrder: AnswerOrder = 'in-order'
  readonly #options: RequestPipelineOptions
  readonly #connection: Connection
  readonly #splitter: FrameSplitter
  readonly #writer = new WireWriter()
  readonly #pending = new PendingRequests()
  /** Waiting requests; those before `#queueHead` have been sent. */
  #queue: PendingRequest[] = []
  #queueHead = 0
  #state: 'connected' | 'closed' = 'connected'
  #writable = true
  #flushScheduled = false
  #deadlineTimer: Timer | null = null

  constructor(options: RequestPipelineOptions) {
    this.#options = options
    const [dataUse, frameUse] =
      options.answerMemory === 'own'
        ? (['borrowed', 'owned'] as const)
        : (['kept', 'kept'] as const)
    this.#splitter = new FrameSplitter(limits.frameBytesBeforeHandshakeMax, frameUse)
    this.#connection = options.network.connect(options.address, () => ({
      dataUse,
      onData: (bytes) => this.#receive(bytes),
      onDrain: () => this.#drained(),
      onClose: (error) => this.#closed(error),
    }))
  }

  get isOpen(): boolean {
    return this.#state === 'connected'
  }

  get inFlightCount(): number {
    return this.#pending.count
  }

  get queuedCount(): number {
    return this.#queue.length - this.#queueHead
  }

  /** After the handshake, answers may be large. */
  raiseFrameLimit(): void {
    this.#splitter.frameBytesMax = limits.frameBytesMax
  }

  /** Sends the request now or, when too much is in flight, as soon as it may. */
  submit(request: PendingRequest): void {
    const refusal = this.#refusal(request)
    if (refusal !== null) {
      request.settle.reject(refusal)
      return
    }
    this.#watchDeadlines()
    if (this.queuedCount === 0 && this.#maySend()) this.#send(request)
    else this.#queue.push(request)
  }

  destroy(): void {
    this.#connection.destroy()
  }

  #refusal(request: PendingRequest): BusError | null {
    if (this.#state === 'closed') return connectionLost(request.api, 'unwritten', null)
    if (this.queuedCount < limits.requestsQueuedMax) return null
    return new BusError('BUSY', 'Too many requests wait for this broker.', {
      retryAfterMs: limits.retryAfterMs,
    })
  }

  #maySend(): boolean {
    return (
      this.#writable &&
      this.#pending.count < limits.requestsInFlightMax &&
      this.#pending.bytes < limits.requestBytesInFlightMax
    )
  }

  #send(request: PendingRequest): void {
    const { api, apiVersion } = request
    const correlationId = this.#pending.nextId()
    const sizeBefore = this.#writer.size
    try {
      this.#writer.frame(() => {
        const header = { apiVersion, correlationId, clientId: this.#options.clientId }
        writeRequestHeader(this.#writer, api, header)
        request.encode?.(this.#writer)
      })
    } catch (error) {
      request.settle.reject(BusError.from(error))
      return
    }
    request.encode = null
    request.size = this.#writer.size - sizeBefore
    this.#pending.add(correlationId, request)
    this.#scheduleFlush()
    if (request.decode === null) request.settle.resolve(null)
  }

  #scheduleFlush(): void {
    if (this.#flushScheduled) return
    this.#flushScheduled = true
    queueMicrotask(() => this.#flush())
  }

  #flush(): void {
    this.#flushScheduled = false
    if (this.#state === 'closed' || this.#writer.size === 0) return
    this.#pending.markWritten()
    if (!this.#connection.write(this.#writer.take())) this.#writable = false
  }

  #drained(): void {
    this.#writable = true
    this.#sendQueued()
  }

  #sendQueued(): void {
    while (this.#queueHead < this.#queue.length && this.#maySend()) {
      const request = this.#queue[this.#queueHead]
      this.#queueHead += 1
      if (request !== undefined) this.#send(request)
    }
    // Under steady load the queue is never empty: what has been sent must go all the same.
    if (this.#queueHead * 2 > this.#queue.length) this.#keepQueued(this.#queued())
  }

  #queued(): PendingRequest[] {
    return this.#queue.slice(this.#queueHead)
  }

  #keepQueued(requests: PendingRequest[]): void {
    this.#queue = requests
    this.#queueHead = 0
  }

  #receive(bytes: Buffer): void {
    if (this.#state === 'closed') return
    try {
      this.#splitter.push(bytes, (frame) => this.#answer(frame))
    } catch (error) {
      this.#closed(BusError.from(error))
      this.#connection.destroy()
      return
    }
    if (this.queuedCount > 0) this.#sendQueued()
  }

  #answer(reader: WireReader): void {
    const request = this.#pending.take(reader.int32(), this.answerOrder)
    if (request === null) throw new BusError('INTERNAL', 'An answer to no request arrived.')
    try {
      skipResponseHeaderRest(reader, request.api, request.apiVersion)
      request.settle.resolve(request.decode?.(reader))
    } catch (error) {
      request.settle.reject(connectionLost(request.api, 'written', BusError.from(error)))
      throw error
    }
  }

  #watchDeadlines(): void {
    if (this.#deadlineTimer !== null) return
    this.#deadlineTimer = this.#options.clock.setTimer(DEADLINE_CHECK_MS, () => {
      this.#deadlineTimer = null
      this.#expire()
    })
  }

  #expire(): void {
    const nowMs = this.#options.clock.monotonicMs()
    this.#pending.expire(nowMs)
    const queued = this.#queued()
    for (const { api, deadlineMs, settle } of queued) {
      if (deadlineMs <= nowMs) settle.reject(expired(api, 'unwritten'))
    }
    this.#keepQueued(queued.filter(({ deadlineMs }) => deadlineMs > nowMs))
    if (this.#state === 'connected' && this.#pending.count + this.queuedCount > 0) {
      this.#watchDeadlines()
    }
  }

  #closed(error: Error | null): void {
    if (this.#state === 'closed') return
    this.#state = 'closed'
    this.#deadlineTimer?.cancel()
    this.#pending.failAll(error)
    for (const { api, settle } of this.#queued()) {
      settle.reject(connectionLost(api, 'unwritten', error))
    }
    this.#keepQueued([])
    this.#options.onClose(error)
  }
}

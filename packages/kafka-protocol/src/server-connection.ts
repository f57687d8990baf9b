import { BusError, type Connection, type ConnectionEvents, limits } from '@courant/kernel'
import { AnswerQueue } from './answer-queue.ts'
import type { AnyExchange, ExchangeOwner } from './exchange.ts'
import { FrameSplitter } from './frame-splitter.ts'
import { RequestBudget } from './request-budget.ts'
import type { RequestRouter, RoutedExchange } from './request-router.ts'
import type { WireReader } from './wire-reader.ts'
import { WireWriter } from './wire-writer.ts'

/** Answers of this size together are not kept for the end of the turn. */
const FLUSH_BYTES = 256 * 1024
/** Answers that wait for earlier ones hold this much; beyond, only the next in turn is prepared. */
const HELD_BYTES_MAX = 4 * 1024 * 1024

export interface ServerConnectionOptions {
  readonly router: RequestRouter
  /** What the connections of a server share; one of its own when not given. */
  readonly budget?: RequestBudget
  /** Called once; an error says why the server or the network gave the connection up. */
  readonly onClose?: (error: Error | null) => void
}

/**
 * The server's end of one connection. Requests reach their handlers in the order of arrival, which
 * is what keeps the produces of a connection in order; answers go back in that order, too, unless
 * the client asked for the freedom to match them itself. A client that sends more than it lets us
 * answer is not read from: unanswered requests, their bytes and the write queue all have bounds.
 *
 * States: open → draining (no new requests, answers still go out) → closed.
 */
export class ServerConnection implements ExchangeOwner {
  readonly #connection: Connection
  readonly #router: RequestRouter
  readonly #onClose: (error: Error | null) => void
  readonly #splitter = new FrameSplitter(limits.frameBytesBeforeHandshakeMax, 'borrowed')
  readonly #writer = new WireWriter()
  readonly #budget: RequestBudget
  readonly #answers: AnswerQueue
  /**
   * Copies of frames beyond the bounds: at most what one read of the socket held, for then reading
   * stops.
   */
  #backlog: WireReader[] = []
  /** Memory for the request that is arriving, as the budget knows it. */
  #partialBytes = 0
  #flow: 'reading' | 'paused' = 'reading'
  #isWritable = true
  #takenWaiters: (() => void)[] = []
  /** Of answers in the writer: to be called when these have left. */
  #sentWaiters: (() => void)[] = []
  #receivedCount = 0
  #flushScheduled = false
  #dispatching = false
  #state: 'open' | 'draining' | 'closed' = 'open'

  private constructor(connection: Connection, options: ServerConnectionOptions) {
    this.#connection = connection
    this.#router = options.router
    this.#budget = options.budget ?? new RequestBudget()
    this.#answers = new AnswerQueue(this.#budget)
    this.#onClose = options.onClose ?? (() => {})
  }

  /** For the `accept` of a listener. */
  static accept(
    connection: Connection,
    options: ServerConnectionOptions,
  ): { readonly server: ServerConnection; readonly events: ConnectionEvents } {
    const server = new ServerConnection(connection, options)
    const events: ConnectionEvents = {
      dataUse: 'borrowed',
      onData: (bytes: Buffer) => server.#receive(bytes),
      onDrain: () => server.#drained(),
      onClose: (error: Error | null) => server.#close(error),
    }
    return { server, events }
  }

  get remoteAddress(): string {
    return this.#connection.remoteAddress
  }

  get isOpen(): boolean {
    return this.#state !== 'closed'
  }

  /** Requests that have arrived since the connection began: it is idle while this stands still. */
  get receivedCount(): number {
    return this.#receivedCount
  }

  /** Requests that are not answered yet. */
  get unansweredCount(): number {
    return this.#answers.count
  }

  takes(exchange: AnyExchange): boolean {
    const { heldBytes } = this.#answers
    return this.#isWritable && (heldBytes < HELD_BYTES_MAX || this.#answers.isNext(exchange))
  }

  whenTaken(callback: () => void): void {
    if (this.#state !== 'closed') this.#takenWaiters.push(callback)
  }

  whenSent(callback: () => void): void {
    this.#sentWaiters.push(callback)
  }

  /** Reads no more, answers what has been read, then closes. */
  drain(): void {
    if (this.#state !== 'open') return
    this.#state = 'draining'
    this.#pause()
    this.#endWhenAnswered()
  }

  /** Closes now; what is unanswered stays so. */
  destroy(): void {
    this.#connection.destroy()
  }

  shookHands(answersMayOvertake: boolean): void {
    this.#splitter.frameBytesMax = limits.frameBytesMax
    if (!answersMayOvertake) return
    try {
      this.#answers.allowOvertaking(this.#writer)
    } catch (error) {
      this.#giveUp(error)
    }
  }

  answered(exchange: AnyExchange): void {
    if (this.#state === 'closed') return
    try {
      this.#answers.answered(exchange, this.#writer)
    } catch (error) {
      this.#giveUp(error)
      return
    }
    if (this.#writer.size >= FLUSH_BYTES) this.#flush()
    else this.#scheduleFlush()
    if (this.#flow === 'paused') this.#dispatchBacklog()
    if (this.#state === 'draining') this.#endWhenAnswered()
    this.#tellTakenWaiters()
  }

  #receive(bytes: Buffer): void {
    if (this.#state !== 'open') return
    let problem: unknown = null
    this.#dispatching = true
    try {
      this.#splitter.push(bytes, this.#take)
      this.#countPartial(this.#splitter.heldBytes)
    } catch (error) {
      problem = error
    }
    this.#dispatching = false
    this.#dispatchBacklog()
    if (problem !== null) this.#giveUp(problem)
  }

  /** The frame is lent until this returns. */
  readonly #take = (frame: WireReader): void => {
    if (this.#backlog.length === 0 && this.#mayDispatch()) this.#dispatch(frame)
    else if (this.#state !== 'closed') this.#backlog.push(frame.copied())
  }

  #countPartial(bytes: number): void {
    const before = this.#partialBytes
    if (bytes === before) return
    this.#partialBytes = bytes
    this.#budget.resizePartial(before, bytes)
  }

  /** Hands frames to their handlers while the bounds allow it; reads on only when none is left. */
  #dispatchBacklog(): void {
    if (this.#dispatching) return
    this.#dispatching = true
    const frames = this.#backlog
    let next = 0
    while (next < frames.length && this.#mayDispatch()) {
      const frame = frames[next]
      next += 1
      if (frame !== undefined) this.#dispatch(frame)
    }
    this.#backlog = next === frames.length ? [] : frames.slice(next)
    this.#dispatching = false
    if (this.#backlog.length > 0 || !this.#mayDispatch()) this.#pause()
    else this.#resume()
    if (this.#state === 'closed' || this.#budget.mayTake(this.#goOn)) return
    this.#budget.whenGiven(this.#goOn)
  }

  readonly #goOn = (): void => this.#dispatchBacklog()

  #mayDispatch(): boolean {
    return (
      this.#state !== 'closed' &&
      this.#isWritable &&
      this.#answers.count < limits.requestsInFlightMax &&
      this.#answers.bytes < limits.requestBytesInFlightMax &&
      this.#budget.mayTake(this.#goOn)
    )
  }

  /**
   * A malformed request ends the connection: after it, nothing there can be trusted to be in step.
   */
  #dispatch(frame: WireReader): void {
    let exchange: RoutedExchange
    try {
      exchange = this.#router.open(frame, this)
    } catch (error) {
      this.#giveUp(error)
      return
    }
    this.#receivedCount += 1
    this.#answers.add(exchange)
    exchange.handle()
  }

  #pause(): void {
    if (this.#flow === 'paused') return
    this.#flow = 'paused'
    this.#connection.pause()
  }

  #resume(): void {
    if (this.#flow === 'reading' || this.#state !== 'open') return
    this.#flow = 'reading'
    this.#connection.resume()
  }

  /** Answers of one turn leave in one write. */
  #scheduleFlush(): void {
    if (this.#flushScheduled) return
    this.#flushScheduled = true
    queueMicrotask(() => {
      this.#flushScheduled = false
      this.#flush()
    })
  }

  #flush(): void {
    if (this.#state === 'closed' || this.#writer.size === 0) return
    if (this.#connection.write(this.#writer.take(), this.#takeSentWaiters())) return
    this.#isWritable = false
    this.#pause()
  }

  #takeSentWaiters(): (() => void) | undefined {
    const waiters = this.#sentWaiters
    if (waiters.length === 0) return undefined
    this.#sentWaiters = []
    return () => {
      for (const waiter of waiters) waiter()
    }
  }

  #drained(): void {
    this.#isWritable = true
    this.#tellTakenWaiters()
    if (this.#flow === 'paused') this.#dispatchBacklog()
  }

  #tellTakenWaiters(): void {
    if (this.#takenWaiters.length === 0 || !this.#isWritable) return
    const waiters = this.#takenWaiters
    this.#takenWaiters = []
    for (const waiter of waiters) waiter()
  }

  #endWhenAnswered(): void {
    if (this.#answers.count > 0 || this.#backlog.length > 0) return
    this.#flush()
    this.#connection.end()
    // What comes now is thrown away, but for the client's own end: who does not read never sees it.
    this.#connection.resume()
  }

  /** Ends a connection whose client broke the protocol, or whose answer could not be written. */
  #giveUp(error: unknown): void {
    if (!(error instanceof BusError)) throw error
    this.#close(error)
    this.#connection.destroy()
  }

  #close(error: Error | null): void {
    if (this.#state === 'closed') return
    this.#state = 'closed'
    this.#backlog = []
    this.#takenWaiters = []
    this.#budget.forget(this.#goOn)
    this.#countPartial(0)
    this.#answers.abandon()
    this.#onClose(error)
  }
}

import { connect, type Socket } from 'node:net'
import type { Train } from './train.ts'

/** Finds whole answers in what arrives on one connection. */
export interface AnswerParser {
  /** Reads the next bytes and returns how many answers ended in them. Throws at a refusal. */
  read(bytes: Buffer): number
  /** Of the bodies of the answers so far. */
  readonly bodyBytes: number
}

/** When a run ends: after a while, or when each connection has had so many answers. */
export type Until = { readonly seconds: number } | { readonly answers: number }

export interface PipelineOptions {
  readonly port: number
  readonly connections: number
  /** Requests under way on each connection. */
  readonly inFlight: number
  readonly until: Until
  readonly train: Train
  readonly newParser: () => AnswerParser
  /** Sent first on each connection, unanswered. */
  readonly greeting?: Buffer
}

export interface PipelineResult {
  readonly answersPerSecond: number
  readonly bytesPerSecond: number
}

/**
 * Keeps `inFlight` requests under way: as answers end, as many requests follow in one write. It
 * reads into buffers that it uses again and again, so that it costs less than the servers it loads.
 */
export async function runPipeline(options: PipelineOptions): Promise<PipelineResult> {
  const started = performance.now()
  const connections = Array.from(
    { length: options.connections },
    () => new PipelinedConnection(options),
  )
  try {
    await Promise.all(connections.map(({ finished }) => finished))
  } finally {
    for (const connection of connections) connection.close()
  }
  const seconds = (performance.now() - started) / 1000
  const sum = (of: (connection: PipelinedConnection) => number): number =>
    connections.reduce((total, connection) => total + of(connection), 0)
  return {
    answersPerSecond: sum(({ answers }) => answers) / seconds,
    bytesPerSecond: sum(({ parser }) => parser.bodyBytes) / seconds,
  }
}

/** Large enough for the largest answers to come in few calls, shared by the connections. */
const RECEIVE_BUFFER = Buffer.alloc(1 << 20)

class PipelinedConnection {
  answers = 0
  readonly parser: AnswerParser
  readonly finished: Promise<void>
  readonly #socket: Socket
  readonly #train: Train
  readonly #deadline: number
  readonly #answersMax: number
  #sent = 0

  constructor({ port, train, inFlight, until, newParser, greeting }: PipelineOptions) {
    this.parser = newParser()
    this.#train = train
    this.#deadline = 'seconds' in until ? performance.now() + until.seconds * 1000 : Infinity
    this.#answersMax = 'answers' in until ? until.answers : Infinity
    const { promise, resolve, reject } = Promise.withResolvers<void>()
    this.finished = promise
    const callback = (count: number): boolean => {
      try {
        if (!this.#receive(count)) resolve()
      } catch (error) {
        reject(error)
      }
      return true
    }
    const onread = { buffer: RECEIVE_BUFFER, callback }
    this.#socket = connect({ host: '127.0.0.1', port, noDelay: true, onread })
    this.#socket.once('error', reject)
    this.#socket.once('close', () => reject(new Error('the server has closed the connection')))
    if (greeting !== undefined) this.#socket.write(greeting)
    this.#send(inFlight)
  }

  close(): void {
    this.#socket.destroy()
  }

  /** False at the end. What is in the shared buffer is read at once, so nobody overwrites it. */
  #receive(count: number): boolean {
    const ended = this.parser.read(RECEIVE_BUFFER.subarray(0, count))
    this.answers += ended
    if (this.answers >= this.#answersMax || performance.now() >= this.#deadline) return false
    this.#send(ended)
    return true
  }

  #send(count: number): void {
    const allowed = Math.min(count, this.#answersMax - this.#sent)
    this.#sent += allowed
    for (const bytes of this.#train.take(allowed)) this.#socket.write(bytes)
  }
}

import { connect, type Socket } from 'node:net'
import type { Train } from './train.ts'

/** Finds whole answers in what arrives on one connection. */
export interface AnswerParser {
  /** Reads the next bytes and returns how many answers ended in them. Throws at a refusal. */
  read(bytes: Buffer): number
  /** Of the bodies of the answers so far. */
  readonly bodyBytes: number
}

export interface PipelineOptions {
  readonly port: number
  readonly connections: number
  /** Requests under way on each connection. */
  readonly inFlight: number
  readonly seconds: number
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
  const deadline = started + options.seconds * 1000
  const connections = Array.from(
    { length: options.connections },
    () => new PipelinedConnection(options, deadline),
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

  constructor({ port, train, inFlight, newParser, greeting }: PipelineOptions, deadline: number) {
    this.parser = newParser()
    this.#train = train
    this.#deadline = deadline
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
    for (const bytes of train.take(inFlight)) this.#socket.write(bytes)
  }

  close(): void {
    this.#socket.destroy()
  }

  /** False at the end. What is in the shared buffer is read at once, so nobody overwrites it. */
  #receive(count: number): boolean {
    const ended = this.parser.read(RECEIVE_BUFFER.subarray(0, count))
    this.answers += ended
    if (performance.now() >= this.#deadline) return false
    for (const bytes of this.#train.take(ended)) this.#socket.write(bytes)
    return true
  }
}

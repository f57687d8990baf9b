/** One request after the other on one connection; answers are read into a buffer that is kept. */
import { connect, type Socket } from 'node:net'
import { type HttpRequest, requestBytes } from './http-request.ts'

const ANSWER_BYTES_MAX = 4 << 20
const HEAD_END = '\r\n\r\n'

interface Waiting {
  resolve(body: Buffer): void
  reject(error: Error): void
}

export class HttpExchange {
  readonly #port: number
  readonly #socket: Socket
  readonly #answer = Buffer.allocUnsafe(ANSWER_BYTES_MAX)
  #filled = 0
  /** Where the body of the answer begins and ends; 0 while its head is not all there. */
  #bodyAt = 0
  #end = 0
  #waiting: Waiting | null = null

  constructor(port: number) {
    this.#port = port
    this.#socket = connect({ host: '127.0.0.1', port, noDelay: true })
    this.#socket.on('data', (bytes: Buffer) => this.#read(bytes))
    this.#socket.once('error', (error) => this.#fail(error))
    this.#socket.once('close', () => this.#fail(new Error('the server has closed the connection')))
  }

  /** The body of the answer, good until the next request. Fails at a refusal. */
  ask(request: Omit<HttpRequest, 'port'>): Promise<Buffer> {
    this.#filled = this.#bodyAt = this.#end = 0
    return new Promise((resolve, reject) => {
      this.#waiting = { resolve, reject }
      this.#socket.write(requestBytes({ ...request, port: this.#port }))
    })
  }

  close(): void {
    this.#waiting = null
    this.#socket.destroy()
  }

  #read(bytes: Buffer): void {
    this.#filled += bytes.copy(this.#answer, this.#filled)
    if (this.#end === 0 && !this.#readHead()) return
    if (this.#filled < this.#end) return
    const waiting = this.#waiting
    this.#waiting = null
    waiting?.resolve(this.#answer.subarray(this.#bodyAt, this.#end))
  }

  #readHead(): boolean {
    const text = this.#answer.toString('latin1', 0, Math.min(this.#filled, 8192))
    const at = text.indexOf(HEAD_END)
    if (at < 0) return false
    const length = /\r\ncontent-length: (\d+)/i.exec(text.slice(0, at))?.[1]
    if (!/^HTTP\/1\.1 2\d\d /.test(text) || length === undefined) {
      this.#fail(new Error(`the server has refused: ${text}`))
      return false
    }
    this.#bodyAt = at + HEAD_END.length
    this.#end = this.#bodyAt + Number(length)
    return true
  }

  #fail(error: Error): void {
    this.#waiting?.reject(error)
    this.#waiting = null
  }
}

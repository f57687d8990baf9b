import type { AnswerParser } from './pipeline.ts'

const HEAD_END = '\r\n\r\n'
const HEAD_BYTES_MAX = 8192
const CHUNKS_END = '0\r\n\r\n'

/**
 * Counts HTTP/1.1 answers, one at a time on a connection. A body with a length is skipped unread; a
 * chunked one ends where the bytes so far end in the empty chunk, for no other answer follows it
 * before the next request.
 */
export class HttpParser implements AnswerParser {
  bodyBytes = 0
  #head = ''
  #state: 'head' | 'counted' | 'chunked' = 'head'
  #bodyLeft = 0
  #tail = ''

  read(bytes: Buffer): number {
    let ended = 0
    for (let at = 0; at < bytes.length; ) {
      if (this.#state === 'head') {
        at = this.#readHead(bytes, at)
        if (this.#endsWithHead()) ended += this.#end()
      } else if (this.#state === 'counted') {
        const taken = Math.min(this.#bodyLeft, bytes.length - at)
        this.#bodyLeft -= taken
        this.bodyBytes += taken
        at += taken
        if (this.#bodyLeft === 0) ended += this.#end()
      } else {
        this.bodyBytes += bytes.length - at
        this.#tail = (this.#tail + bytes.toString('latin1', Math.max(at, bytes.length - 7))).slice(
          -7,
        )
        at = bytes.length
        if (this.#tail === `\r\n${CHUNKS_END}`) ended += this.#end()
      }
    }
    return ended
  }

  #readHead(bytes: Buffer, from: number): number {
    const already = this.#head.length
    const stop = Math.min(bytes.length, from + HEAD_BYTES_MAX)
    const text = this.#head + bytes.toString('latin1', from, stop)
    const end = text.indexOf(HEAD_END)
    if (end < 0) {
      this.#head = text
      return stop
    }
    const head = text.slice(0, end)
    if (!/^HTTP\/1\.1 2\d\d /.test(head)) throw new Error(`the server has refused: ${text}`)
    const length = /\r\ncontent-length: (\d+)/i.exec(head)?.[1]
    this.#state = length === undefined ? 'chunked' : 'counted'
    this.#bodyLeft = Number(length ?? 0)
    return from + end + HEAD_END.length - already
  }

  #endsWithHead(): boolean {
    return this.#state === 'counted' && this.#bodyLeft === 0
  }

  #end(): number {
    this.#state = 'head'
    this.#head = ''
    this.#tail = ''
    return 1
  }
}

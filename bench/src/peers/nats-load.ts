/** A raw NATS client: publishes with an answer address, and counts the acknowledgements. */
import { type AnswerParser, runPipeline } from '../load/pipeline.ts'
import { Train } from '../load/train.ts'

export interface NatsLoad {
  readonly port: number
  readonly subject: string
  readonly recordBytes: number
  readonly inFlight: number
  readonly seconds: number
}

export async function run(load: NatsLoad): Promise<number> {
  const { port, subject, recordBytes, inFlight, seconds } = load
  const body = 'x'.repeat(recordBytes)
  const publish = Buffer.from(`PUB ${subject} _INBOX.a ${recordBytes}\r\n${body}\r\n`)
  const { answersPerSecond } = await runPipeline({
    port,
    train: new Train(Array.from({ length: inFlight }, () => publish)),
    newParser: () => new MessageParser(),
    connections: 1,
    inFlight,
    until: { seconds },
    greeting: Buffer.from('CONNECT {"verbose":false}\r\nSUB _INBOX.a 1\r\n'),
  })
  return answersPerSecond
}

const NEWLINE = 0x0a
const M = 0x4d
const BRACE = 0x7b
/** In `{"stream"`, where a refusal has `{"error"`. */
const S = 0x73

/**
 * Counts `MSG _INBOX.a 1 <length>\r\n{"stream":...}\r\n`: a message is an M line and the line of
 * JSON behind it, and an acknowledgement holds no line break. Lines that begin otherwise are the
 * server's INFO and PING.
 */
class MessageParser implements AnswerParser {
  bodyBytes = 0
  #rest = Buffer.alloc(0)

  read(bytes: Buffer): number {
    const all = this.#rest.length === 0 ? bytes : Buffer.concat([this.#rest, bytes])
    let ended = 0
    let at = 0
    for (let end = all.indexOf(NEWLINE, at); end >= 0; end = all.indexOf(NEWLINE, at)) {
      if (all[at] === BRACE) {
        ended++
        this.bodyBytes += end - at
        if (all[at + 2] !== S) {
          throw new Error(`nats-server has refused: ${all.toString('latin1', at, end)}`)
        }
      } else if (all[at] !== M && all.toString('latin1', at, at + 4) === '-ERR') {
        throw new Error(`nats-server said: ${all.toString('latin1', at, end)}`)
      }
      at = end + 1
    }
    this.#rest = Buffer.from(all.subarray(at))
    return ended
  }
}

/** Worker: the loop of a consumer over HTTP, as the documentation has it: poll, process, ack. */
import { HttpExchange } from './http-exchange.ts'

export interface PollLoop {
  readonly port: number
  readonly apiKey: string
  readonly topic: string
  /** Of the topic's only partition. At its end another group begins anew. */
  readonly records: number
  readonly maxRecords: number
  readonly seconds: number
}

export interface PollFlow {
  readonly recordsPerSecond: number
  readonly pollsPerSecond: number
  readonly answerBytes: number
}

/** Members of one process are of different groups. */
let groupCount = 0

export async function run(load: PollLoop): Promise<PollFlow> {
  const { port, apiKey, topic, maxRecords, seconds } = load
  const exchange = new HttpExchange(port)
  const headers = { authorization: `Bearer ${apiKey}`, 'content-type': 'application/json' }
  const total = { records: 0, polls: 0, bytes: 0 }
  let reached = load.records
  let token = ''
  let path = ''
  const started = performance.now()
  const until = started + seconds * 1000
  while (performance.now() < until) {
    if (reached === load.records) {
      path = `/v1/groups/bench-${process.pid}-${groupCount++}/poll`
      reached = 0
      token = ''
    }
    const ack = token === '' ? {} : { ack: token }
    const poll = { memberId: 'm', topics: [topic], maxRecords, waitMs: 5_000, ...ack }
    const body = await exchange.ask({ method: 'POST', path, headers, body: JSON.stringify(poll) })
    const answer = readAnswer(body)
    if (answer.nextOffset <= reached) throw new Error('a poll has brought nothing')
    total.records += answer.nextOffset - reached
    total.polls += 1
    total.bytes += body.length
    reached = answer.nextOffset
    token = answer.token
  }
  const took = (performance.now() - started) / 1000
  exchange.close()
  return {
    recordsPerSecond: total.records / took,
    pollsPerSecond: total.polls / took,
    answerBytes: total.bytes / total.polls,
  }
}

/** From its end: a client that parsed it all would need more time than the server. */
function readAnswer(body: Buffer): { readonly token: string; readonly nextOffset: number } {
  const mark = '],"leaseToken":"'
  const end = body.lastIndexOf(mark)
  const lastRecord = body.lastIndexOf('"offset":', end)
  if (end < 0 || lastRecord < 0) throw new Error(`no records: ${body.toString('latin1', 0, 500)}`)
  const tokenAt = end + mark.length
  const offsetAt = lastRecord + '"offset":'.length
  return {
    token: body.toString('latin1', tokenAt, body.indexOf('"', tokenAt)),
    nextOffset: Number.parseInt(body.toString('latin1', offsetAt, offsetAt + 16), 10) + 1,
  }
}

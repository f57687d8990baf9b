/** Worker: members of one group whose polls wait over HTTP, one after the other for ever. */
import { Agent, request } from 'node:http'

export interface WaitingPolls {
  readonly port: number
  readonly apiKey: string
  readonly group: string
  readonly topic: string
  readonly members: number
}

interface PollAnswer {
  readonly leaseToken: string
  readonly assignment: readonly { readonly partitions: readonly number[] }[]
}

const WAIT_MS = 10_000
/** As many processes as are started in the same instant. */
const JOINS_AT_ONCE = 64
const STABLE_MS_MAX = 120_000

const agent = new Agent({ keepAlive: true, maxSockets: Number.POSITIVE_INFINITY })
let failure: unknown = null

/** Resolves when all have joined and `owners` of them own a partition. */
export async function join(load: WaitingPolls & { readonly owners: number }): Promise<void> {
  const owning = new Set<number>()
  let next = 0
  const joinNext = async (): Promise<void> => {
    while (next < load.members) {
      const index = next++
      const first = await poll(load, index, '', 0)
      note(owning, index, first)
      void pollForEver(load, index, first, owning)
    }
  }
  await Promise.all(Array.from({ length: JOINS_AT_ONCE }, joinNext))
  const deadline = performance.now() + STABLE_MS_MAX
  while (owning.size < load.owners) {
    await check(100)
    if (performance.now() > deadline) throw new Error(`only ${owning.size} members own anything`)
  }
}

/** Lets them wait. */
export async function stay({ seconds }: { readonly seconds: number }): Promise<void> {
  await check(seconds * 1000)
}

async function check(ms: number): Promise<void> {
  await new Promise((resolve) => setTimeout(resolve, ms))
  if (failure !== null) throw failure
}

function note(owning: Set<number>, index: number, { assignment }: PollAnswer): void {
  if (assignment.length > 0) owning.add(index)
  else owning.delete(index)
}

async function pollForEver(
  load: WaitingPolls,
  index: number,
  first: PollAnswer,
  owning: Set<number>,
): Promise<void> {
  let { leaseToken } = first
  try {
    while (failure === null) {
      const answer = await poll(load, index, leaseToken, WAIT_MS)
      leaseToken = answer.leaseToken
      note(owning, index, answer)
    }
  } catch (error) {
    failure = error
  }
}

function poll(load: WaitingPolls, index: number, ack: string, waitMs: number): Promise<PollAnswer> {
  const body = JSON.stringify({
    memberId: `m-${index}`,
    topics: [load.topic],
    waitMs,
    ...(ack === '' ? {} : { ack }),
  })
  const headers = {
    authorization: `Bearer ${load.apiKey}`,
    'content-type': 'application/json',
    'content-length': Buffer.byteLength(body),
  }
  return new Promise((resolve, reject) => {
    const options = { agent, port: load.port, method: 'POST', headers }
    const path = `/v1/groups/${load.group}/poll`
    request({ ...options, host: '127.0.0.1', path }, (response) => {
      let text = ''
      response.setEncoding('utf8')
      response.on('data', (chunk: string) => {
        text += chunk
      })
      response.on('end', () => {
        if (response.statusCode === 200) resolve(JSON.parse(text) as PollAnswer)
        else reject(new Error(`a poll was refused: ${text}`))
      })
    })
      .once('error', reject)
      .end(body)
  })
}

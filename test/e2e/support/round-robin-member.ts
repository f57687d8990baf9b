import { systemClock, wait } from '@courant/kernel'
import type { ReadRecord } from './read-topic.ts'
import type { Credentials } from './standalone.ts'

const PAUSE_MS = 50

/**
 * A member that processes what a poll gives it and sends its token with the next one, each poll to
 * the next gateway in turn; the same poll again when it was not answered or may be repeated.
 */
export class RoundRobinMember {
  readonly processed: ReadRecord[] = []
  /** Polls without an answer, and problems that allow a repeat. */
  repeats = 0
  readonly #gateways: readonly Credentials[]
  readonly #path: string
  readonly #request: Readonly<Record<string, unknown>>
  readonly #stopping = new AbortController()
  readonly #done: Promise<void>
  #turn = 0

  constructor(gateways: readonly Credentials[], group: string, memberId: string, topic: string) {
    this.#gateways = gateways
    this.#path = `/v1/groups/${group}/poll`
    this.#request = { memberId, topics: [topic], waitMs: 1_000, maxRecords: 50 }
    this.#done = this.#run()
    // It is told of by `stop`.
    this.#done.catch(() => {})
  }

  /** Fails with what ended the member before. */
  async stop(): Promise<void> {
    this.#stopping.abort()
    await this.#done
  }

  async #run(): Promise<void> {
    const { signal } = this.#stopping
    let ack: string | null = null
    while (!signal.aborted) {
      const answer = await this.#poll({ ...this.#request, ack })
      if (answer === null) {
        this.repeats += 1
        await wait(systemClock, PAUSE_MS, signal)
        continue
      }
      this.processed.push(...answer.records)
      ack = answer.leaseToken
    }
  }

  async #poll(body: unknown): Promise<{ records: ReadRecord[]; leaseToken: string } | null> {
    const { url = '', apiKey = '' } = this.#gateways[this.#turn % this.#gateways.length] ?? {}
    this.#turn += 1
    const headers = { authorization: `Bearer ${apiKey}`, 'content-type': 'application/json' }
    const { signal } = this.#stopping
    const request = { method: 'POST', headers, body: JSON.stringify(body), signal }
    const answer = await fetch(`${url}${this.#path}`, request).then(readAnswer, () => null)
    if (answer === null || answer.body.retriable === true) return null
    if (!answer.ok) throw new Error(JSON.stringify(answer.body))
    return answer.body
  }
}

/** Null when the connection broke within it. */
// biome-ignore lint/suspicious/noExplicitAny: a problem, or what a poll answers.
async function readAnswer(answer: Response): Promise<{ ok: boolean; body: any } | null> {
  const body = await answer.json().catch(() => null)
  return body === null ? null : { ok: answer.ok, body }
}

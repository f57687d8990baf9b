import { CourantError } from '../courant-error.ts'
import { deferred } from '../deferred.ts'
import type { Calls } from '../http/call.ts'
import { Budget } from './budget.ts'
import { encodeMessage, type Message } from './message.ts'
import { ProduceError } from './produce-error.ts'
import { sendRecords } from './send-records.ts'
import { type Result, TopicQueue } from './topic-queue.ts'
import type { WrittenRecord } from './written-record.ts'

export interface ProducerOptions {
  /** Who must have a record before it is acknowledged; `'all'` when absent. */
  readonly acks?: 'all' | 'leader' | 'none'
  /** How long the server tries; 30 s when absent. */
  readonly timeoutMs?: number
  /** Characters of records that wait or are under way; `send` waits beyond. 32 Mi when absent. */
  readonly bufferMax?: number
}

const TIMEOUT_MS = 30_000
const BUFFER_MAX = 32 * 1024 * 1024

/**
 * Writes records. Calls of `send` that come together travel together, and those to one topic keep
 * their order, whatever is tried again in between.
 */
export class Producer {
  readonly #calls: Calls
  readonly #options: { readonly acks: 'all' | 'leader' | 'none'; readonly timeoutMs: number }
  readonly #budget: Budget
  readonly #queues = new Map<string, TopicQueue>()
  readonly #underWay = new Set<Promise<unknown>>()
  #isClosed = false

  constructor(calls: Calls, options: ProducerOptions = {}) {
    this.#calls = calls
    this.#options = {
      acks: options.acks ?? 'all',
      timeoutMs: options.timeoutMs ?? TIMEOUT_MS,
    }
    this.#budget = new Budget(options.bufferMax ?? BUFFER_MAX)
  }

  /**
   * Resolves when every message is acknowledged: where each of them is, in their order. Throws
   * ProduceError when one is not, TypeError for a message that is none, and the reason of `signal`,
   * which is heeded until the messages are in the queue: from then on only the answer says what
   * became of them.
   */
  async send(
    topic: string,
    messages: readonly Message[],
    { signal }: { readonly signal?: AbortSignal } = {},
  ): Promise<WrittenRecord[]> {
    if (this.#isClosed) throw new TypeError('The producer is closed')
    const records = messages.map(encodeMessage)
    if (records.length === 0) return []
    const characters = records.reduce((sum, { length }) => sum + length, 0)
    await this.#budget.take(characters, signal)
    const sent = this.#enqueue(topic, records)
    this.#underWay.add(sent)
    try {
      return written(await sent)
    } finally {
      this.#underWay.delete(sent)
      this.#budget.give(characters)
    }
  }

  /** Takes no more, and resolves when nothing is under way. */
  async close(): Promise<void> {
    this.#isClosed = true
    while (this.#underWay.size > 0) await Promise.allSettled(this.#underWay)
  }

  #enqueue(topic: string, records: readonly string[]): Promise<readonly Result[]> {
    let queue = this.#queues.get(topic)
    if (queue === undefined) {
      queue = new TopicQueue((part) => sendRecords(this.#calls, topic, part, this.#options))
      this.#queues.set(topic, queue)
    }
    const { promise, resolve } = deferred<readonly Result[]>()
    queue.add({ records, finish: resolve })
    return promise
  }
}

function written(results: readonly Result[]): WrittenRecord[] {
  return results.map((result) => {
    if (result instanceof CourantError) throw new ProduceError(results)
    return result
  })
}

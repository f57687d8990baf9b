import { assert } from '@courant/kernel'

interface Waiting<Item, Result> {
  readonly item: Item
  readonly resolve: (result: Result) => void
  readonly reject: (error: unknown) => void
}

/** What one call carries; more wait for the next one. */
const ITEMS_PER_CALL_MAX = 1_000

/**
 * Gathers items while a call is under way, and sends what has gathered in the next one (natural
 * batching, docs/adr/0008): one item alone goes at once, thousands share few calls. How many can
 * wait is bounded by the requests that a gateway serves, for each waits for its own item.
 */
export class NaturalBatches<Item, Result> {
  readonly #send: (items: Item[]) => Promise<readonly Result[]>
  #waiting: Waiting<Item, Result>[] = []
  #isSending = false

  /** `send` answers in the order of the items; when it rejects, all of them have failed. */
  constructor(send: (items: Item[]) => Promise<readonly Result[]>) {
    this.#send = send
  }

  add(item: Item): Promise<Result> {
    return new Promise((resolve, reject) => {
      this.#waiting.push({ item, resolve, reject })
      if (!this.#isSending) void this.#sendAll()
    })
  }

  async #sendAll(): Promise<void> {
    this.#isSending = true
    while (this.#waiting.length > 0) {
      const batch = this.#waiting.splice(0, ITEMS_PER_CALL_MAX)
      try {
        const results = await this.#send(batch.map(({ item }) => item))
        for (const [index, { resolve }] of batch.entries()) {
          const result = results[index]
          assert(result !== undefined, 'every item has a result')
          resolve(result)
        }
      } catch (error) {
        for (const { reject } of batch) reject(error)
      }
    }
    this.#isSending = false
  }
}

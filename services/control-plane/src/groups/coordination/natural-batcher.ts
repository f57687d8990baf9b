import { BusError, limits } from '@courant/kernel'

export interface NaturalBatcherOptions<Item> {
  /** Batches under way at the same time. */
  readonly atOnceMax: number
  readonly itemsPerBatchMax: number
  /** Durable when it resolves: with what each item is to hear, null for done. */
  readonly write: (items: readonly Item[]) => Promise<readonly (BusError | null)[]>
}

interface Waiting<Item> {
  readonly item: Item
  readonly resolve: () => void
  readonly reject: (error: unknown) => void
}

/**
 * Natural batching (ADR 8): what comes while the database is busy is gathered and written together.
 * Nobody waits for a batch to fill; under load it is the speed of the disk that sets its size.
 */
export class NaturalBatcher<Item> {
  readonly #options: NaturalBatcherOptions<Item>
  #waiting: Waiting<Item>[] = []
  #underWay = 0

  constructor(options: NaturalBatcherOptions<Item>) {
    this.#options = options
  }

  /** Resolves when the item is durable. Throws BUSY, and what the write has said. */
  add(item: Item): Promise<void> {
    if (this.#waiting.length >= limits.groupWritesWaitingMax) {
      throw new BusError('BUSY', 'Too many changes of consumer groups wait for the database.', {
        retryAfterMs: limits.retryAfterMs,
      })
    }
    return new Promise((resolve, reject) => {
      this.#waiting.push({ item, resolve, reject })
      // A tick later, so that all commits of one call go together.
      if (this.#waiting.length === 1) setImmediate(() => this.#begin())
    })
  }

  #begin(): void {
    const { atOnceMax, itemsPerBatchMax } = this.#options
    while (this.#underWay < atOnceMax && this.#waiting.length > 0) {
      const batch = this.#waiting.splice(0, itemsPerBatchMax)
      this.#underWay += 1
      void this.#write(batch).finally(() => {
        this.#underWay -= 1
        this.#begin()
      })
    }
  }

  async #write(batch: readonly Waiting<Item>[]): Promise<void> {
    try {
      const verdicts = await this.#options.write(batch.map(({ item }) => item))
      for (const [index, { resolve, reject }] of batch.entries()) {
        const verdict = verdicts[index] ?? null
        if (verdict === null) resolve()
        else reject(verdict)
      }
    } catch (error) {
      for (const { reject } of batch) reject(error)
    }
  }
}

import { BusError, type Clock, type Random, wait } from '@courant/kernel'
import type { Logger } from '@courant/service-kit'
import type { ProducerIdBlock } from './control-plane-link.ts'

export interface ProducerIdsParts {
  readonly clock: Clock
  readonly random: Random
  readonly log: Logger
  /** A block of this broker's own. Rejects while the control plane cannot be asked. */
  readonly allocate: () => Promise<ProducerIdBlock>
}

/** One block in use, one in reserve. */
const BLOCKS_KEPT = 2
const BACKOFF_MS_MIN = 100
const BACKOFF_MS_MAX = 5_000

/**
 * Ids for idempotent producers (KIP-98), each given out once in the cluster. They come from blocks
 * that the control plane gives away, and the next block is fetched before the one in use is empty:
 * while the control plane or its database is away, at least a block's worth of producers can begin.
 * What a process has not given out when it ends is lost, which costs nothing: there are 2^53.
 */
export class ProducerIds {
  readonly #parts: ProducerIdsParts
  readonly #blocks: { next: number; readonly end: number }[] = []
  readonly #closing = new AbortController()
  #refilling: Promise<void> | null = null

  constructor(parts: ProducerIdsParts) {
    this.#parts = parts
  }

  /** Fetches the first blocks. */
  start(): void {
    this.#refilling ??= this.#refill()
  }

  /** Null when there is none now; then more are being asked for. */
  take(): number | null {
    const [block] = this.#blocks
    if (block === undefined) return null
    const id = block.next
    block.next += 1
    if (block.next === block.end) {
      this.#blocks.shift()
      this.start()
    }
    return id
  }

  async close(): Promise<void> {
    this.#closing.abort()
    await this.#refilling
  }

  async #refill(): Promise<void> {
    const { clock, random, log, allocate } = this.#parts
    const { signal } = this.#closing
    let backoffMs = BACKOFF_MS_MIN
    while (this.#blocks.length < BLOCKS_KEPT && !signal.aborted) {
      try {
        const { firstProducerId, count } = await allocate()
        this.#blocks.push({ next: firstProducerId, end: firstProducerId + count })
        backoffMs = BACKOFF_MS_MIN
      } catch (error) {
        log.warn({ err: BusError.from(error) }, 'the control plane gave no producer ids')
        await wait(clock, backoffMs * (0.5 + random.next() / 2), signal)
        backoffMs = Math.min(backoffMs * 2, BACKOFF_MS_MAX)
      }
    }
    this.#refilling = null
  }
}

import { type Clock, limits, type Timer } from '@courant/kernel'

/** Says whether the turn is used, by at most so many bytes: else the next has it. */
export type Go = (bytesMax: number) => boolean

/** So many shares make a second: small enough to be even, large enough for whole batches. */
const SHARES_PER_SECOND = 4
const SHARE_BYTES_MIN = 64 * 1024
const SHARE_BYTES_MAX = limits.replicaFetchPartitionBytesMax
/** What a timer of Node can count to; the rest is waited for again. */
const TIMER_MS_MAX = 0x7fff_ffff

/**
 * A token bucket with a queue in the order of asking. It holds one second's bytes. A turn takes a
 * share of it, which may leave it in debt, and gives back later what it did not need.
 */
export class ThrottledQueue<Key> {
  readonly #clock: Clock
  /** Bytes a second; 0 for no limit. */
  readonly #rate: () => number
  readonly #waiting = new Map<Key, Go>()
  #tokens = 0
  #filledAtMs = Number.NEGATIVE_INFINITY
  #timer: Timer | null = null

  constructor(clock: Clock, rate: () => number) {
    this.#clock = clock
    this.#rate = rate
  }

  get size(): number {
    return this.#waiting.size
  }

  /** Calls `go` when its turn has come, perhaps at once. A key waits once: the newest counts. */
  add(key: Key, go: Go): void {
    this.#waiting.set(key, go)
    this.serve()
  }

  remove(key: Key): void {
    if (this.#waiting.delete(key)) this.serve()
  }

  giveBack(bytes: number): void {
    this.#tokens += bytes
    this.serve()
  }

  clear(): void {
    this.#waiting.clear()
    this.serve()
  }

  /** Lets go who may go now, and comes back when the next may. Also after the rate has changed. */
  serve(): void {
    this.#timer?.cancel()
    this.#timer = null
    const rate = this.#rate()
    this.#fill(rate)
    const share = rate === 0 ? SHARE_BYTES_MAX : shareOf(rate)
    for (const [key, go] of this.#waiting) {
      if (rate > 0 && this.#tokens < 0) break
      this.#waiting.delete(key)
      if (go(share)) this.#tokens -= share
    }
    if (this.#waiting.size === 0) return
    const delayMs = Math.min(Math.ceil((-this.#tokens / rate) * 1_000), TIMER_MS_MAX)
    this.#timer = this.#clock.setTimer(delayMs, () => this.serve())
  }

  #fill(rate: number): void {
    const nowMs = this.#clock.monotonicMs()
    const filled = this.#tokens + ((nowMs - this.#filledAtMs) * rate) / 1_000
    this.#tokens = rate === 0 ? 0 : Math.min(filled, rate)
    this.#filledAtMs = nowMs
  }
}

function shareOf(bytesPerSecond: number): number {
  const share = Math.max(Math.ceil(bytesPerSecond / SHARES_PER_SECOND), SHARE_BYTES_MIN)
  return Math.min(share, SHARE_BYTES_MAX)
}

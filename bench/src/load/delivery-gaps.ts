/** How long each partition of a topic went without a delivery. */
export class DeliveryGaps {
  readonly #lastMs: Float64Array
  readonly #longestMs: Float64Array

  constructor(partitions: number) {
    this.#lastMs = new Float64Array(partitions)
    this.#longestMs = new Float64Array(partitions)
  }

  note(partition: number): void {
    const nowMs = performance.now()
    this.#raise(partition, nowMs)
    this.#lastMs[partition] = nowMs
  }

  /** Forgets the gaps so far; those that are open go on. */
  restart(): void {
    this.#longestMs.fill(0)
  }

  /** The longest since the start, one that is still open included. */
  longestMs(partitions: Iterable<number>): number {
    const nowMs = performance.now()
    let longest = 0
    for (const partition of partitions) {
      this.#raise(partition, nowMs)
      longest = Math.max(longest, this.#longestMs[partition] ?? 0)
    }
    return longest
  }

  /** Whether each partition has had a delivery since then. */
  areAllSince(ms: number): boolean {
    return this.#lastMs.every((last) => last >= ms)
  }

  #raise(partition: number, nowMs: number): void {
    const gap = nowMs - (this.#lastMs[partition] ?? 0)
    this.#longestMs[partition] = Math.max(this.#longestMs[partition] ?? 0, gap)
  }
}

/**
 * The moment in which the process begins to stop, for those who wait. Thousands of readers come and
 * go, and an AbortSignal walks through all its listeners for each that is added or removed.
 */
export class Draining {
  readonly #listeners = new Set<() => void>()
  #isAnnounced = false
  #hasBegun = false

  /** Whether callers are sent elsewhere, one connection after the other, while all is served on. */
  get isAnnounced(): boolean {
    return this.#isAnnounced
  }

  get hasBegun(): boolean {
    return this.#hasBegun
  }

  announce(): void {
    this.#isAnnounced = true
  }

  begin(): void {
    this.#isAnnounced = true
    this.#hasBegun = true
    for (const listener of this.#listeners) listener()
  }

  /** Returns the function that ends the subscription. */
  onBegin(listener: () => void): () => void {
    this.#listeners.add(listener)
    return () => this.#listeners.delete(listener)
  }
}

/** So many times in a row must polls of two callers have ended each other. */
const ALTERNATIONS = 3

/**
 * Finds two processes that poll under one member id: each ends the other's open poll, again and
 * again.
 * One process does not do that, for it waits for the answer of its poll or repeats it itself.
 */
export class SharingWatch {
  #alternations = 0
  #lastMs = Number.NEGATIVE_INFINITY

  /** An open poll was superseded. Answers whether that makes the member id a shared one. */
  superseded(
    callers: { readonly older: string; readonly newer: string },
    { monotonicMs, withinMs }: { readonly monotonicMs: number; readonly withinMs: number },
  ): boolean {
    if (callers.older === callers.newer) return false
    if (monotonicMs - this.#lastMs > withinMs) this.#alternations = 0
    this.#lastMs = monotonicMs
    this.#alternations += 1
    if (this.#alternations < ALTERNATIONS) return false
    this.#alternations = 0
    return true
  }
}

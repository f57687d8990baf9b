/** How many are inside, and a promise for when nobody is. */
export class Latch {
  #inside = 0
  #waiting: (() => void)[] = []

  get isFree(): boolean {
    return this.#inside === 0
  }

  /** Returns how to leave; once. */
  enter(): () => void {
    this.#inside += 1
    return () => {
      this.#inside -= 1
      if (this.#inside === 0) for (const resolve of this.#waiting.splice(0)) resolve()
    }
  }

  /** Resolves when nobody is inside, at once if nobody is. */
  free(): Promise<void> {
    if (this.#inside === 0) return Promise.resolve()
    return new Promise((resolve) => this.#waiting.push(resolve))
  }
}

/** Bytes that may wait at a time; who comes later waits for room, in the order of coming. */
export class Budget {
  readonly #max: number
  #used = 0
  readonly #waiting: { readonly bytes: number; readonly admit: () => void }[] = []

  constructor(max: number) {
    this.#max = max
  }

  /**
   * Resolves when there is room; what is larger than everything comes alone. Rejects when aborted.
   */
  async take(bytes: number, signal?: AbortSignal): Promise<void> {
    signal?.throwIfAborted()
    if (this.#waiting.length === 0 && this.#fits(bytes)) {
      this.#used += bytes
      return
    }
    await new Promise<void>((resolve, reject) => {
      const waiter = { bytes, admit: resolve }
      this.#waiting.push(waiter)
      signal?.addEventListener(
        'abort',
        () => {
          const index = this.#waiting.indexOf(waiter)
          if (index === -1) return
          this.#waiting.splice(index, 1)
          reject(signal.reason)
          this.#admit()
        },
        { once: true },
      )
    })
  }

  give(bytes: number): void {
    this.#used -= bytes
    this.#admit()
  }

  #admit(): void {
    for (let next = this.#waiting[0]; next !== undefined; next = this.#waiting[0]) {
      if (!this.#fits(next.bytes)) return
      this.#used += next.bytes
      this.#waiting.shift()
      next.admit()
    }
  }

  #fits(bytes: number): boolean {
    return this.#used === 0 || this.#used + bytes <= this.#max
  }
}

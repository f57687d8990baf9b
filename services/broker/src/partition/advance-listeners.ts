/** Calls back when the high watermark of a partition advances. It may end its own subscription. */
export type AdvanceListener = () => void

/**
 * Who waits for records of one partition. Made only when somebody does: most partitions are idle.
 */
export class AdvanceListeners {
  #listeners: Set<AdvanceListener> | null = null

  get count(): number {
    return this.#listeners?.size ?? 0
  }

  add(listener: AdvanceListener): void {
    this.#listeners ??= new Set()
    this.#listeners.add(listener)
  }

  remove(listener: AdvanceListener): void {
    this.#listeners?.delete(listener)
    if (this.#listeners?.size === 0) this.#listeners = null
  }

  notify(): void {
    if (this.#listeners === null) return
    for (const listener of [...this.#listeners]) listener()
  }
}

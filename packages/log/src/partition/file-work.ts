import type { LogContext } from './disk-partition-log.ts'

/** The change of one partition's files that is under way: one at a time. */
export class FileWork {
  readonly #context: LogContext
  #current: Promise<void> | null = null

  constructor(context: LogContext) {
    this.#context = context
  }

  get isIdle(): boolean {
    return this.#current === null
  }

  /**
   * Waits for its turn. A failure leaves files of which nobody knows what they hold: the directory
   * goes offline.
   */
  async exclusively(action: () => Promise<void>): Promise<void> {
    while (this.#current !== null) await this.#current
    this.#context.ring.requireSound()
    const work = action()
    this.#current = work.then(
      () => undefined,
      () => undefined,
    )
    try {
      await work
    } catch (error) {
      this.#context.fail(error)
      throw error
    } finally {
      this.#current = null
    }
  }
}

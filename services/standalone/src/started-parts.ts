/** What has been started so far, to be stopped in the opposite order. */
export class StartedParts {
  readonly #parts: { readonly name: string; readonly stop: () => Promise<void> }[] = []

  add(name: string, stop: () => Promise<void>): void {
    this.#parts.push({ name, stop })
  }

  /** Stops every part, also after one that fails; the first failure is thrown at the end. */
  async stop(onStep: (name: string) => void): Promise<void> {
    const failures: unknown[] = []
    for (let part = this.#parts.pop(); part !== undefined; part = this.#parts.pop()) {
      onStep(part.name)
      await part.stop().catch((error: unknown) => failures.push(error))
    }
    if (failures.length > 0) throw failures[0]
  }
}

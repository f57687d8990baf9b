/** What a suite has started, ended in reverse order even when the suite fails half way. */
export class Cleanup {
  readonly #tasks: (() => unknown)[] = []

  add(task: () => unknown): void {
    this.#tasks.push(task)
  }

  async run(): Promise<void> {
    for (let task = this.#tasks.pop(); task !== undefined; task = this.#tasks.pop()) {
      try {
        await task()
      } catch (error) {
        console.error('cleaning up:', error)
      }
    }
  }
}

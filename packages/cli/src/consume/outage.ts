import type { Failure } from '../failure.ts'

/** However often or wherever reading breaks at one time, a person is told once. */
export class Outage {
  readonly #note: (text: string) => void
  #isOn = false

  constructor(note: (text: string) => void) {
    this.#note = note
  }

  begin(failure: Failure): void {
    if (!this.#isOn) this.#note(`${failure.message} Trying again.`)
    this.#isOn = true
  }

  end(): void {
    if (this.#isOn) this.#note('Going on.')
    this.#isOn = false
  }
}

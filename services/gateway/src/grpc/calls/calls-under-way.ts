import { type Clock, wait } from '@courant/kernel'

const SWEEP_MS = 50

/** How many calls there are of the public API, for a process that stops. */
export class CallsUnderWay {
  #count = 0

  begin(): void {
    this.#count += 1
  }

  end(): void {
    this.#count -= 1
  }

  /** Resolves when there are none, or the time is over. */
  async settled(clock: Clock, timeoutMs: number): Promise<void> {
    const giveUpAtMs = clock.monotonicMs() + timeoutMs
    while (this.#count > 0 && clock.monotonicMs() < giveUpAtMs) await wait(clock, SWEEP_MS)
  }
}

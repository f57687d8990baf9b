import type { SeededRandom } from '@courant/kernel'

/** A random source as generators of requests use it. */
export class Choices {
  readonly random: SeededRandom

  constructor(random: SeededRandom) {
    this.random = random
  }

  /** True so often out of a hundred. */
  percent(often: number): boolean {
    return this.random.next() * 100 < often
  }

  /** From `least` to `most`. */
  between(least: number, most: number): number {
    return least + this.random.below(most - least + 1)
  }

  one<Of>(...of: readonly [Of, ...Of[]]): Of {
    return of[this.random.below(of.length)] ?? of[0]
  }

  /** Undefined if there is none. */
  any<Of>(of: Iterable<Of>): Of | undefined {
    const all = [...of]
    return all[this.random.below(all.length)]
  }

  shuffled<Of>(of: Iterable<Of>): Of[] {
    const left = [...of]
    const shuffled: Of[] = []
    while (left.length > 0) shuffled.push(...left.splice(this.random.below(left.length), 1))
    return shuffled
  }

  some<Of>(of: Iterable<Of>): Of[] {
    return [...of].filter(() => this.percent(60))
  }
}

import type { SeededRandom } from '@courant/kernel'
import type { ReadResult } from '../../src/index.ts'
import { batchesOf, sameBatches } from './observe.ts'
import type { ShadowBatch } from './shadow.ts'
import { ensure } from './violation.ts'

const HELD_MAX = 8

/** Readers hold on to what they were given for long; nothing else may be written there. */
export class HeldReads {
  readonly #reads: { readonly result: ReadResult; readonly found: readonly ShadowBatch[] }[] = []

  get count(): number {
    return this.#reads.length
  }

  add(result: ReadResult): void {
    this.#reads.push({ result, found: batchesOf(result) })
  }

  letSomeGo(random: SeededRandom): void {
    if (this.count > HELD_MAX) this.letGo(1 + random.below(HELD_MAX), random)
  }

  letGo(count: number, random: SeededRandom): void {
    for (const { result, found } of this.#reads.splice(0, count)) {
      ensure(sameBatches(batchesOf(result), found), 'memory is used again while it is read')
      if (random.below(8) > 0) result.release()
    }
  }
}

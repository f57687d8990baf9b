import type { Coverage } from './coverage.ts'
import { History } from './history.ts'
import type { RealDatabase } from './real-side.ts'

/** Calls of one history. */
export const STEPS = 120

export interface Seeds {
  readonly seeds: number
  readonly first: number
  readonly steps: number
}

/** Up to the first difference; returns it with the command that shows it again. */
export async function compareSeeds(
  real: RealDatabase,
  { seeds, first, steps }: Seeds,
  coverage: Coverage,
): Promise<string | null> {
  for (let seed = first; seed < first + seeds; seed++) {
    try {
      const history = await History.begin(real, seed, coverage)
      await history.run(steps)
    } catch (error) {
      const why = error instanceof Error ? error.message : String(error)
      return `seed ${seed}, ${why}\nagain: node ${COMMAND} 1 ${seed} ${steps}`
    }
  }
  return null
}

const COMMAND = 'services/control-plane/test/equivalence/run-seeds.ts'

/** How often a measurement is repeated, and how long one takes. */
export interface Plan {
  /** Measured rounds: the median is taken over these. */
  readonly rounds: number
  /** Rounds before them whose results are thrown away. */
  readonly warmUps: number
  /** Length of one timed run, in seconds. */
  readonly seconds: number
  /** Multiplies amounts of data and of partitions; 1 for results that count. */
  readonly scale: number
}

/** For results that count. */
export const fullPlan: Plan = { rounds: 5, warmUps: 1, seconds: 2, scale: 1 }
/** For a look while working. */
export const quickPlan: Plan = { rounds: 3, warmUps: 1, seconds: 0.7, scale: 0.25 }
/** For the continuous integration: shows that every suite runs, and nothing else. */
export const smokePlan: Plan = { rounds: 1, warmUps: 0, seconds: 0.2, scale: 0.02 }

/**
 * Runs the sides in turn, A B A B ..., and returns the results of each side's measured rounds.
 * Interleaved because the machine drifts (other work, page cache, clock): two figures of the same
 * half minute can be compared, two of different minutes cannot.
 */
export async function interleave<T, K extends string>(
  plan: Plan,
  sides: Readonly<Record<K, () => Promise<T>>>,
): Promise<Record<K, T[]>> {
  const names = Object.keys(sides) as K[]
  const results = Object.fromEntries(names.map((name): [K, T[]] => [name, []])) as Record<K, T[]>
  for (let round = -plan.warmUps; round < plan.rounds; round++) {
    for (const name of names) {
      const result = await sides[name]()
      if (round >= 0) results[name].push(result)
    }
  }
  return results
}

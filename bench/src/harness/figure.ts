import { median } from './statistics.ts'

/** What a figure should reach. */
export interface Goal {
  /** Missing this is explained in RESULTS.md. */
  readonly must: number
  readonly aim: number
  /** `at least` for rates, `at most` for times and sizes. */
  readonly sense: 'at least' | 'at most'
}

/** One line of the results. A figure without a limit is compared with its goal by its value. */
export interface Figure {
  readonly name: string
  readonly value: number
  readonly unit: string
  readonly limit: number | null
  readonly limitName: string | null
  /** The quotient of the medians; null where there is no limit. */
  readonly ratio: number | null
  /** Null for a figure that is only shown beside others. */
  readonly goal: Goal | null
  /** What a reader must know to judge it, for example that a peer is not installed. */
  readonly note?: string
}

export type Verdict = 'aim met' | 'met' | 'missed' | 'not measured' | ''

/** Builds the usual figure: the median of our rounds over the median of the limit's rounds. */
export function ratioFigure(of: {
  readonly name: string
  readonly unit: string
  readonly ours: readonly number[]
  readonly limit: readonly number[]
  readonly limitName: string
  readonly goal: Goal | null
  readonly note?: string
}): Figure {
  const { ours, limit, ...rest } = of
  const [value, limitValue] = [median(ours), median(limit)]
  return { ...rest, value, limit: limitValue, ratio: value / limitValue }
}

/** A figure whose goal is an absolute number. */
export function absoluteFigure(
  of: Pick<Figure, 'name' | 'value' | 'unit' | 'goal' | 'note'>,
): Figure {
  return { ...of, limit: null, limitName: null, ratio: null }
}

/** What stands in the table where a peer is missing: said aloud, never skipped. */
export function unmeasuredFigure(name: string, limitName: string, goal: Goal, why: string): Figure {
  return { name, value: Number.NaN, unit: '', limit: null, limitName, ratio: null, goal, note: why }
}

/** How the figure stands to its goal. */
export function verdictOf(figure: Figure): Verdict {
  const { goal } = figure
  if (goal === null) return ''
  const reached = figure.ratio ?? (figure.limitName === null ? figure.value : Number.NaN)
  if (Number.isNaN(reached)) return 'not measured'
  const meets = (bound: number): boolean =>
    goal.sense === 'at least' ? reached >= bound : reached <= bound
  if (meets(goal.aim)) return 'aim met'
  return meets(goal.must) ? 'met' : 'missed'
}

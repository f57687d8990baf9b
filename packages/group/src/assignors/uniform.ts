import type { Assignment, AssignmentProblem } from './assignor.ts'
import { uniformAlike } from './uniform-alike.ts'
import { uniformMixed } from './uniform-mixed.ts'

/** Sticky and balanced: everyone has as many partitions as it can be, and few of them move. */
export function uniform(problem: AssignmentProblem): Assignment {
  const [first, ...others] = problem.subscriptions
  const isAlike = others.every((topics) => topics === first || areEqual(topics, first ?? []))
  return isAlike ? uniformAlike(problem) : uniformMixed(problem)
}

function areEqual(left: readonly number[], right: readonly number[]): boolean {
  return left.length === right.length && left.every((topic, index) => topic === right[index])
}

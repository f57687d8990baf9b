import type { Suite } from '../harness/suite.ts'

/** In the order of the table in README.md. */
export const suites: readonly Suite[] = []

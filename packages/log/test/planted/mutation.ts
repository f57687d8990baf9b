/**
 * A bug that the simulation must find: an exact piece of a source file, and what stands there
 * then.
 */
export interface Mutation {
  readonly name: string
  readonly file: string
  readonly find: string
  readonly replace: string
  /** Where the search begins for a bug that few seeds meet; else at 1. */
  readonly firstSeed?: number
}

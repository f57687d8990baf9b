/** A bug that a test must find: an exact piece of a file, what stands there then, and the test. */
export interface Mutation {
  readonly name: string
  /** Below the repository's root, without `services/control-plane/` where it begins with `src/`. */
  readonly file: string
  readonly find: string
  readonly replace: string
  /** The file of the test, below `services/control-plane/`, and a part of its name. */
  readonly test: readonly [file: string, name: string]
}

/** A promise of the engine was broken. */
export class Violation extends Error {
  override readonly name = 'Violation'
}

export function ensure(condition: boolean, what: string | (() => string)): asserts condition {
  if (!condition) throw new Violation(typeof what === 'string' ? what : what())
}

/**
 * Assertions state what must be true whatever the input. They stay on in production: a process that
 * finds its own state impossible stops before it can acknowledge or serve something wrong.
 * Bad input is never an assertion; it is a `BusError`.
 */
export class AssertionError extends Error {
  override readonly name = 'AssertionError'
}

export function assert(condition: boolean, message = 'assertion failed'): asserts condition {
  if (!condition) throw new AssertionError(message)
}

/** Marks a branch that the types say cannot be reached. */
export function unreachable(value: never): never {
  throw new AssertionError(`unreachable: ${String(value)}`)
}

import { isDeepStrictEqual } from 'node:util'

const SHOWN_MAX = 6

/** Where two values differ, one place a line; null if nowhere. */
export function difference(real: unknown, model: unknown): string | null {
  if (isDeepStrictEqual(real, model)) return null
  const places = [...differences(real, model, [])]
  return places.slice(0, SHOWN_MAX).join('\n')
}

function* differences(
  real: unknown,
  model: unknown,
  path: readonly string[],
): Generator<string, void, undefined> {
  if (isDeepStrictEqual(real, model)) return
  if (!isPlainObject(real) || !isPlainObject(model)) {
    yield `${path.join('.')}: real ${JSON.stringify(real)}, model ${JSON.stringify(model)}`
    return
  }
  for (const name of new Set([...Object.keys(real), ...Object.keys(model)])) {
    yield* differences(real[name], model[name], [...path, name])
  }
}

function isPlainObject(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
}

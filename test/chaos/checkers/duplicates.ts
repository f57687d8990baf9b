import { type History, type Place, placeText, type Violation } from '../history/history.ts'

/** No value is at two places, whoever has read them. */
export function duplicates({ seen, final }: History): Violation[] {
  const places = new Map<number, Place>()
  const violations: Violation[] = []
  for (const found of [...final, ...seen]) {
    const first = places.get(found.value)
    if (first === undefined) places.set(found.value, found)
    else if (first.log !== found.log || first.offset !== found.offset) {
      const text = `${found.value} is at ${placeText(first)} and at ${placeText(found)}`
      violations.push({ checker: 'duplicate', text })
    }
  }
  return violations
}

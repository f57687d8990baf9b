import { type History, placeText, type Seen, type Violation } from '../history/history.ts'

/** No offset ever shows two values. */
export function inconsistentOffsets({ seen, final }: History): Violation[] {
  const values = new Map<string, Map<number, Seen>>()
  const violations: Violation[] = []
  for (const found of [...final, ...seen]) {
    const ofLog = values.get(found.log) ?? new Map<number, Seen>()
    values.set(found.log, ofLog)
    const first = ofLog.get(found.offset)
    if (first === undefined) ofLog.set(found.offset, found)
    else if (first.value !== found.value) {
      const text = `${placeText(found)}: ${first.value} for ${first.reader}, ${found.value} for ${found.reader}`
      violations.push({ checker: 'inconsistent offset', text })
    }
  }
  return violations
}

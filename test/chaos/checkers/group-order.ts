import { type History, placeText, type Violation } from '../history/history.ts'

/** An answer has the records of a log in their order, without a gap, and as the log has them. */
export function groupOrder({ final, group }: History): Violation[] {
  const values = new Map(final.map((seen) => [placeText(seen), seen.value]))
  const violations: Violation[] = []
  for (const { memberId, records } of group.deliveries) {
    const last = new Map<string, number>()
    for (const record of records) {
      const before = last.get(record.log)
      const isNext = before === undefined || record.offset === before + 1
      const isSame = values.get(placeText(record)) === record.value
      last.set(record.log, record.offset)
      if (isNext && isSame) continue
      violations.push({
        checker: 'order of the group',
        text: `${memberId} was given ${record.value} at ${placeText(record)} behind ${before}`,
      })
    }
  }
  return violations
}

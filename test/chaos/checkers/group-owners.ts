import { type History, placeText, type Violation } from '../history/history.ts'

/**
 * Two processes that acknowledge one record, both with success, have both owned its partition: the
 * second one could only be given what the first had not acknowledged yet.
 */
export function groupOwners({ group }: History): Violation[] {
  const lives = new Map<string, { readonly life: number; readonly memberId: string }>()
  const violations: Violation[] = []
  for (const { life, memberId, records } of group.acks) {
    for (const place of records) {
      const text = placeText(place)
      const other = lives.get(text)
      if (other !== undefined && other.life !== life) {
        violations.push({
          checker: 'two owners',
          text: `${other.memberId} and ${memberId} have both acknowledged ${text}`,
        })
      }
      lives.set(text, { life, memberId })
    }
  }
  return violations
}

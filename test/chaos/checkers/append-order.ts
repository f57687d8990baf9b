import { type History, placeText, type Sent, type Violation } from '../history/history.ts'

/**
 * What was acknowledged before another record was sent stands before it in the log: in real time,
 * whoever sent them, and so for the records of one key and one producer too.
 */
export function appendOrder({ sent }: History): Violation[] {
  const violations: Violation[] = []
  for (const ofLog of Map.groupBy(sent, ({ place }) => place?.log ?? '').values()) {
    let latest: Sent | null = null
    for (const record of ofLog.sort(byOffset)) {
      if (record.place === null) continue
      if (latest !== null && record.endNs < latest.startNs) {
        const text = `${record.value} was acknowledged at ${placeText(record.place)} before ${latest.value} was sent, which is at ${latest.place?.offset}`
        violations.push({ checker: 'order', text })
      }
      if (latest === null || record.startNs > latest.startNs) latest = record
    }
  }
  return violations
}

function byOffset(one: Sent, other: Sent): number {
  return (one.place?.offset ?? -1) - (other.place?.offset ?? -1)
}

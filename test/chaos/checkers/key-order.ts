import { type History, placeText, type Sent, type Violation } from '../history/history.ts'
import { finalPlaces } from './final-places.ts'

/**
 * The records of one key are in one log, and those of one request in the order that they had there,
 * also where nobody was told what became of them.
 */
export function keyOrder(history: History): Violation[] {
  const places = finalPlaces(history)
  const last = new Map<string, Sent>()
  const violations: Violation[] = []
  for (const record of history.sent) {
    const place = places.get(record.value)
    if (place === undefined) continue
    const key = `${record.topic} ${record.key}`
    const before = last.get(key)
    last.set(key, record)
    const placeBefore = before && places.get(before.value)
    if (before === undefined || placeBefore === undefined) continue
    const isOneLog = placeBefore.log === place.log
    const isInOrder = before.request !== record.request || placeBefore.offset < place.offset
    if (isOneLog && isInOrder) continue
    const text = `key ${key}: ${before.value} at ${placeText(placeBefore)}, then ${record.value} at ${placeText(place)}`
    violations.push({ checker: 'key order', text })
  }
  return violations
}

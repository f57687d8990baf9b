import { type History, placeText, type Violation } from '../history/history.ts'
import { finalPlaces } from './final-places.ts'

/** The offset of an answer is the offset at which the value is read. */
export function answeredOffsets(history: History): Violation[] {
  const places = finalPlaces(history)
  return history.sent.flatMap(({ value, place }) => {
    const found = places.get(value)
    if (place === null || found === undefined || placeText(place) === placeText(found)) return []
    const text = `${value} was answered at ${placeText(place)} and is read at ${placeText(found)}`
    return [{ checker: 'answered offset', text }]
  })
}

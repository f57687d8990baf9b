import { type History, placeText, type Violation } from '../history/history.ts'
import { finalPlaces } from './final-places.ts'

/** Every value that was acknowledged is in the final read. */
export function lostWrites(history: History): Violation[] {
  const places = finalPlaces(history)
  return history.sent.flatMap(({ value, place, outcome }) =>
    outcome !== 'acked' || place === null || places.has(value)
      ? []
      : [{ checker: 'lost write', text: `${value} was acknowledged at ${placeText(place)}` }],
  )
}

import { type History, placeText, type Violation } from '../history/history.ts'
import { finalPlaces } from './final-places.ts'

/** What a consumer was given is in the final read: nothing is shown before it is safe. */
export function lostReads(history: History): Violation[] {
  const places = finalPlaces(history)
  return history.seen
    .filter(({ value }) => !places.has(value))
    .map((seen) => ({
      checker: 'lost read',
      text: `${seen.reader} was given ${seen.value} at ${placeText(seen)}`,
    }))
}

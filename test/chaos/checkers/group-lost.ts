import { type History, placeText, type Violation } from '../history/history.ts'

/**
 * At least once: what is in a log at the end was processed by a member, which is when it was given
 * to it. That an acknowledgement was answered is not asked for: its process may have died then.
 */
export function groupLost(history: History): Violation[] {
  const processed = new Set(
    history.group.deliveries.flatMap(({ records }) => records.map(placeText)),
  )
  return history.final
    .filter((place) => !processed.has(placeText(place)))
    .map((place) => ({
      checker: 'lost by the group',
      text: `nobody has processed ${place.value} at ${placeText(place)}`,
    }))
}

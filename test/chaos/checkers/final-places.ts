import type { History, Place } from '../history/history.ts'

/** Where the final read found each value, the first place of one that is there twice. */
export function finalPlaces({ final }: History): ReadonlyMap<number, Place> {
  const places = new Map<number, Place>()
  for (const seen of final) if (!places.has(seen.value)) places.set(seen.value, seen)
  return places
}

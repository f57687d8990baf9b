import { type History, placeText, type Violation } from '../history/history.ts'

/**
 * What was acknowledged is given to nobody who asks afterwards. A record may come again when its
 * acknowledgement was never answered, or was answered after the poll that gives it had begun: both
 * do not count as acknowledged here.
 */
export function groupRepeats({ group }: History): Violation[] {
  const ackedNs = new Map<string, number>()
  for (const { answeredNs, records } of group.acks) {
    for (const place of records) {
      const text = placeText(place)
      ackedNs.set(text, Math.min(ackedNs.get(text) ?? answeredNs, answeredNs))
    }
  }
  return group.deliveries.flatMap(({ memberId, askedNs, records }) =>
    records
      .filter((place) => askedNs > (ackedNs.get(placeText(place)) ?? Number.POSITIVE_INFINITY))
      .map((place) => ({
        checker: 'repeated by the group',
        text: `${memberId} was given ${placeText(place)}, which was acknowledged before it asked`,
      })),
  )
}

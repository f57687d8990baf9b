import type { Sent } from '../history/history.ts'

/**
 * The longest time between two acknowledgements of one log that a span of time has a part of. It
 * counts what begins late too, such as when a broker that stops in order hands over what it leads.
 */
export function standstillNs(
  ackedByLog: readonly (readonly Sent[])[],
  fromNs: number,
  untilNs: number,
): number {
  return Math.max(...ackedByLog.map((acked) => ofOneLog(acked, fromNs, untilNs)))
}

function ofOneLog(acked: readonly Sent[], fromNs: number, untilNs: number): number {
  const ends = acked.map(({ endNs }) => endNs).sort((one, other) => one - other)
  let longest = 0
  let last = fromNs
  for (const endNs of ends) {
    if (endNs >= fromNs) longest = Math.max(longest, endNs - last)
    last = endNs
    if (endNs >= untilNs) break
  }
  return longest
}

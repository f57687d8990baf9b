import { type History, placeText, type Violation } from '../history/history.ts'

/** No reader is given what was never sent, or what was said not to have been applied. */
export function phantoms({ sent, seen, final }: History): Violation[] {
  const outcomes = new Map(sent.map(({ value, outcome }) => [value, outcome]))
  return [...final, ...seen].flatMap((found) => {
    const outcome = outcomes.get(found.value)
    if (outcome === 'acked' || outcome === 'unknown') return []
    const why = outcome === 'failed' ? 'was answered as not applied' : 'was never sent'
    return [{ checker: 'phantom', text: `${found.value} at ${placeText(found)} ${why}` }]
  })
}

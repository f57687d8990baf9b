import type { History, Violation } from '../history/history.ts'

/**
 * Each reader is given every offset of a log, in order and once. Nothing but records takes offsets
 * here: neither transactions nor compaction are at work.
 */
export function gaps({ seen, final }: History): Violation[] {
  const next = new Map<string, number>()
  const violations: Violation[] = []
  for (const { reader, log, offset } of [...final, ...seen]) {
    const of = `${reader} ${log}`
    const expected = next.get(of) ?? 0
    if (offset !== expected) {
      violations.push({ checker: 'gap', text: `${of}: ${offset} follows ${expected - 1}` })
    }
    next.set(of, offset + 1)
  }
  return violations
}

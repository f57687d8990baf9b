import type { History, Violation } from '../history/history.ts'
import { answeredOffsets } from './answered-offsets.ts'
import { appendOrder } from './append-order.ts'
import { duplicates } from './duplicates.ts'
import { gaps } from './gaps.ts'
import { groupLost } from './group-lost.ts'
import { groupOrder } from './group-order.ts'
import { groupOwners } from './group-owners.ts'
import { groupRepeats } from './group-repeats.ts'
import { inconsistentOffsets } from './inconsistent-offsets.ts'
import { keyOrder } from './key-order.ts'
import { lostReads } from './lost-reads.ts'
import { lostWrites } from './lost-writes.ts'
import { phantoms } from './phantoms.ts'

export const CHECKERS = [
  lostWrites,
  lostReads,
  duplicates,
  inconsistentOffsets,
  answeredOffsets,
  phantoms,
  gaps,
  appendOrder,
  keyOrder,
  groupLost,
  groupRepeats,
  groupOwners,
  groupOrder,
] as const

/** Everything that the history shows and that must never be. The checkers keep no state. */
export function checkHistory(history: History): Violation[] {
  return CHECKERS.flatMap((check) => check(history))
}

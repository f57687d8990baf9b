import type { BusError, ErrorCode } from '@courant/kernel'

/**
 * What to do about a batch after a try that failed: send the same bytes again; stamp it with a
 * newer epoch or another producer id, and send that; or tell its callers.
 */
export type Remedy = 'send-again' | 'raise-epoch' | 'take-new-id' | 'give-up'

/**
 * Another try can succeed soon: at a leader that moved, that is not ready yet or not reached, that
 * has lost its followers or its disk and will be replaced, or whose answer got lost.
 */
const SEND_AGAIN: ReadonlySet<ErrorCode> = new Set([
  'NOT_LEADER',
  'NOT_LEADER_AFTER_APPEND',
  'FENCED_LEADER_EPOCH',
  'UNKNOWN_LEADER_EPOCH',
  'BROKER_UNAVAILABLE',
  'SHUTTING_DOWN',
  'NOT_ENOUGH_REPLICAS',
  'NOT_ENOUGH_REPLICAS_AFTER_APPEND',
  'BUSY',
  'STORAGE_OFFLINE',
  'STORAGE_FAILED',
  'CONNECTION_LOST',
  'TIMED_OUT',
] as const)

/** `mayBeApplied`: by an earlier try. */
export function remedyOf({ code, facts }: BusError, mayBeApplied: boolean): Remedy {
  if (SEND_AGAIN.has(code)) return 'send-again'
  // Before it is known what became of an earlier try, a full disk is no reason to stop asking.
  if (mayBeApplied) return facts.retriable ? 'send-again' : 'give-up'
  if (code === 'OUT_OF_ORDER_SEQUENCE_NUMBER') return 'raise-epoch'
  return code === 'INVALID_PRODUCER_EPOCH' ? 'take-new-id' : 'give-up'
}

import { BusError, limits } from '@courant/kernel'

/** How long a member may be silent, and how long it may keep what is to move. */
export interface Timeouts {
  readonly sessionTimeoutMs: number
  readonly rebalanceTimeoutMs: number
}

/** With defaults for what is absent or 0. Throws INVALID_ARGUMENT outside the limits. */
export function parseTimeouts(asked: {
  readonly sessionTimeoutMs?: number | undefined
  readonly rebalanceTimeoutMs?: number | undefined
}): Timeouts {
  return {
    sessionTimeoutMs: within(
      'sessionTimeoutMs',
      asked.sessionTimeoutMs || limits.sessionTimeoutMsDefault,
      { min: limits.sessionTimeoutMsMin, max: limits.sessionTimeoutMsMax },
    ),
    rebalanceTimeoutMs: within(
      'rebalanceTimeoutMs',
      asked.rebalanceTimeoutMs || limits.rebalanceTimeoutMsDefault,
      { min: limits.rebalanceTimeoutMsMin, max: limits.rebalanceTimeoutMsMax },
    ),
  }
}

function within(name: string, value: number, { min, max }: { min: number; max: number }): number {
  if (Number.isInteger(value) && value >= min && value <= max) return value
  throw new BusError('INVALID_ARGUMENT', `${name} is a whole number from ${min} to ${max}.`)
}
